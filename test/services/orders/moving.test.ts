import assert from "node:assert/strict";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { deriveId, newId } from "../../../contracts/ids.ts";
import { WriteUncertain } from "../../../mixins/store/errors.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type As, type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { refused } from "../../support/refused.ts";

const bea = { id: "bea" };
const seller = { id: "demo-seller", roles: ["seller"] as const };
const eve = { id: "eve", roles: ["buyer", "seller"] as const };
const ada = { id: "ada", roles: ["admin"] as const };
const parcel = { carrier: "Pos", trackingNumber: "T1", estimatedDelivery: "2026-01-05" };

bothStores("moving orders", (profile) => {
	let node: OrdersNode;
	before(async () => {
		node = await startOrdersNode(profile());
	});
	after(() => node?.stop());

	const move = (name: string, order: OrderView, body: object, as: As) =>
		node.call<OrderView>(name, { id: order.id, ...body }, as);
	const paid = async (): Promise<OrderView> => {
		const order = await node.place(bea);
		await node.deliver("payment.captured", order);
		return node.order(order.id);
	};
	const declined = async (): Promise<OrderView> => {
		const order = await node.place(bea);
		await node.deliver("payment.declined", order);
		return node.order(order.id);
	};
	const stored = async (order: OrderView) => {
		const found = await node.service.store.orders.findById(order.id);
		assert.ok(found);
		return found;
	};

	it("cancels for the buyer or the seller, with the reason in history and event", async () => {
		for (const as of [bea, seller]) {
			const order = await node.place(bea);
			const { body } = await move("cancel", order, { reason: "no stock" }, as);
			assert.equal(body.status, "cancelled");
			assert.equal(body.version, 2);
			assert.deepEqual(body.allowed, []);
			const history = await node.call<{ items: object[] }>("history", { id: order.id }, as);
			const { at: _at, ...last } = history.body.items.at(-1) as Record<string, unknown>;
			assert.deepEqual(last, { from: "placed", to: "cancelled", event: "cancel", by: as.id, reason: "no stock" });
			assert.deepEqual(
				node.events(order).map(({ type }) => type),
				["order.placed", "order.cancelled"],
			);
		}
	});

	it("pays again with another attempt, and waits for that one", async () => {
		const order = await declined();
		assert.deepEqual(order.allowed, []);
		const { body } = await move("pay", order, { paymentMethod: "sandbox_success" }, bea);
		assert.equal(body.status, "placed");
		assert.equal(body.payment.id, deriveId("payment", order.id, 2));
		assert.equal(body.payment.declineCode, undefined);
		assert.equal(typeof (await stored(order)).answerDue, "number");
		await node.deliver("payment.captured", order); // of attempt 1
		assert.equal((await node.order(order.id)).status, "placed");
		await node.deliver("payment.captured", body, { attempt: 2 });
		assert.equal((await node.order(order.id)).status, "paid");
	});

	it("ships, tracks and delivers", async () => {
		const order = await paid();
		const shipped = await move("ship", order, parcel, seller);
		assert.deepEqual(shipped.body.shipment, { carrier: "Pos", trackingNumber: "T1" });
		assert.deepEqual(shipped.body.allowed, ["tracking", "deliver"]);
		await move("tracking", order, { status: "out_for_delivery", location: "Ipoh" }, seller);
		const { body } = await move("deliver", order, {}, seller);
		assert.deepEqual(
			body.tracking?.map(({ status }) => status),
			["shipped", "out_for_delivery", "delivered"],
		);
		assert.equal(body.status, "delivered");
		assert.deepEqual(
			node
				.events(order)
				.slice(2)
				.map(({ type }) => type),
			["order.shipped", "order.tracking_updated", "order.delivered"],
		);
	});

	it("hides the order from strangers, and says 403 to a party whose move it is not", async () => {
		const order = await paid();
		await refused(move("cancel", order, {}, eve), "NOT_FOUND");
		await refused(move("ship", order, parcel, eve), "NOT_FOUND");
		await refused(move("ship", order, parcel, bea), "FORBIDDEN");
		await refused(move("cancel", order, {}, ada), "FORBIDDEN");
		await refused(node.call("cancel", { id: newId() }, bea), "NOT_FOUND");
		assert.equal((await node.order(order.id)).version, order.version);
	});

	it("says from where, to where and what is allowed when it refuses", async () => {
		const order = await node.place(bea);
		const refusal = await refused(move("ship", order, parcel, seller), "TRANSITION_REFUSED");
		assert.deepEqual(refusal.extras, { from: "placed", to: "shipped", allowed: ["cancel"] });
	});

	it("compares If-Match, and lets a repeat pass it", async () => {
		const order = await paid();
		await refused(move("cancel", order, {}, { ...bea, ifMatch: [order.version - 1] }), "VERSION_CONFLICT");
		const as = { ...bea, key: newId(), ifMatch: [order.version] };
		const first = await move("cancel", order, {}, as);
		await node.deliver("payment.refunded", order);
		const again = await move("cancel", order, {}, as);
		assert.deepEqual(again.body, first.body);
		assert.equal(again.meta.replayed, true);
		assert.equal(first.meta.replayed, undefined);
		await refused(move("cancel", order, {}, { ...as, hash: "other" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("does a move once that is asked for many times at once with one key", async () => {
		const order = await paid();
		await move("ship", order, parcel, seller);
		const as = { ...seller, key: newId() };
		const answers = await Promise.all(Array.from({ length: 10 }, () => move("tracking", order, { status: "in_transit" }, as)));
		for (const { body } of answers) assert.deepEqual(body, answers[0]?.body);
		assert.equal((await node.order(order.id)).tracking?.length, 2);
	});

	it("does every one of many different moves at once", async () => {
		const order = await paid();
		await move("ship", order, parcel, seller);
		await Promise.all(
			Array.from({ length: 10 }, (_, index) =>
				move("tracking", order, { status: "in_transit", location: `km ${index}` }, seller),
			),
		);
		const after = await node.order(order.id);
		assert.equal(after.tracking?.length, 11);
		assert.equal(after.version, order.version + 11);
	});

	it("finds out what it did when the answer of the store was lost", async () => {
		const order = await node.place(bea);
		const { orders } = node.service.store;
		const update = orders.update.bind(orders);
		let lost = 0;
		orders.update = async (where, change) => {
			const done = await update(where, change);
			if (lost++ === 0) throw new WriteUncertain("the answer was lost");
			return done;
		};
		try {
			const { body } = await move("cancel", order, {}, bea);
			assert.equal(body.status, "cancelled");
			assert.equal(body.version, 2);
		} finally {
			orders.update = update;
		}
		assert.equal((await stored(order)).history.length, 2);
	});

	it("refuses a payment method that no provider knows, and words that are no tracking status", async () => {
		const order = await declined();
		const refusal = await refused(move("pay", order, { paymentMethod: "bitcoin" }, bea), "VALIDATION");
		assert.equal(refusal.extras.errors?.[0]?.pointer, "/paymentMethod");
		await refused(move("tracking", order, { status: "delivered" }, seller), "VALIDATION");
	});
});
