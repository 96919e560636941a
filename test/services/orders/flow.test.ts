import assert from "node:assert/strict";
import type { OrderView } from "../../../contracts/http/orders.ts";
import type { PaymentView } from "../../../contracts/http/payments.ts";
import { newId } from "../../../contracts/ids.ts";
import payment from "../../../services/payment/payment.service.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { until } from "../../support/until.ts";

const bea = { id: "bea" };

// Orders and payment with the bus between them; over HTTP and on a cluster the same is told in test/acceptance.
bothStores("orders with payment", (profile) => {
	let node: OrdersNode;
	const start = async (): Promise<void> => {
		node = await startOrdersNode(profile(), { ...payment });
	};
	before(start);
	after(() => node?.stop());

	const untilOrder = (order: OrderView, what: string, holds: (seen: OrderView) => boolean) =>
		until(`the order to be ${what}`, () => node.order(order.id), holds);
	const untilIs = (order: OrderView, status: OrderView["status"]) => untilOrder(order, status, (seen) => seen.status === status);
	const paymentOf = async (order: OrderView, id = order.payment.id): Promise<PaymentView> =>
		node.broker.call<PaymentView, object>(
			"payment.get",
			{ id },
			{ meta: { user: { id: "bea", roles: ["buyer"], sessionId: "s" } } },
		);
	const move = async (name: string, order: OrderView, body: object = {}, as: object = bea) =>
		(await node.call<OrderView>(name, { id: order.id, ...body }, { ...bea, ...as })).body;

	it("charges an order once and calls it paid", async () => {
		const paid = await untilIs(await node.place(bea), "paid");
		assert.equal(paid.payment.status, "captured");
		assert.deepEqual((await paymentOf(paid)).captured, paid.totals.total);
	});

	it("is declined, paid with another method, and knows both in its history", async () => {
		const declined = await untilIs(await node.place(bea, { items: [{ productId: "2", quantity: 1 }] }), "payment_declined");
		assert.ok(declined.payment.declineCode);
		await move("pay", declined, { paymentMethod: "sandbox_success" });
		const paid = await untilIs(declined, "paid");
		assert.notEqual(paid.payment.id, declined.payment.id);
		assert.equal((await paymentOf(paid, declined.payment.id)).captured.amount, 0);
		const { items } = (await node.call<{ items: { event: string }[] }>("history", { id: paid.id }, bea)).body;
		assert.deepEqual(
			items.map(({ event }) => event),
			["place", "payment_declined", "pay", "payment_captured"],
		);
	});

	it("gives the money of a cancelled order back, whenever it is cancelled", async () => {
		const orders = await Promise.all(Array.from({ length: 8 }, () => node.place(bea)));
		const cancelled = await Promise.all(
			orders.map(async (order, index) => {
				if (index % 2 === 0) await untilIs(order, "paid");
				return move("cancel", order);
			}),
		);
		for (const order of cancelled) {
			const ended = await untilOrder(order, "settled", (seen) => ["voided", "refunded"].includes(seen.payment.status));
			assert.equal(ended.status, "cancelled");
			const { captured, refunded } = await paymentOf(ended);
			assert.equal(captured.amount, refunded.amount);
		}
	});

	it("waits for the buyer to confirm", async () => {
		const order = await node.place(bea, { paymentMethod: "sandbox_requires_action" });
		await untilOrder(order, "waiting", (seen) => seen.payment.status === "requires_action");
		await node.broker.call(
			"payment.confirm",
			{ id: order.payment.id },
			{
				meta: { user: { id: "bea", roles: ["buyer"], sessionId: "s" }, request: { key: newId(), hash: "", named: false } },
			},
		);
		await untilIs(order, "paid");
	});

	it("finds the outcome of a charge whose answer was lost, and charges once", async () => {
		const paid = await untilIs(await node.place(bea, { paymentMethod: "sandbox_unknown_outcome" }), "paid");
		assert.deepEqual((await paymentOf(paid)).captured, paid.totals.total);
	});

	it("leaves nothing behind in the outboxes", async () => {
		await Promise.all(Array.from({ length: 10 }, () => node.place(bea)));
		await until(
			"empty outboxes",
			() => node.service.store.orders.count({ outboxAt: { $exists: true } }),
			(count) => count === 0,
		);
	});

	it("goes on after a restart where it was", async () => {
		const orders = await Promise.all(Array.from({ length: 10 }, () => node.place(bea)));
		await node.stop();
		await start();
		for (const order of orders) await untilIs(order, "paid");
	});
});
