import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { profile as settings } from "../../../config/profile.ts";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { newId } from "../../../contracts/ids.ts";
import { askForAnswers } from "../../../services/orders/settling.mixin.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { until } from "../../support/until.ts";

const bea = { id: "bea" };

bothStores("settling orders", (profile) => {
	let node: OrdersNode;
	const realNow = clock.now;
	before(async () => {
		node = await startOrdersNode(profile());
		await node.service.asking?.stop(); // the rounds of this suite are its own
	});
	after(() => node?.stop());
	beforeEach(() => {
		node.payment.asked.length = 0;
		node.payment.refunds.length = 0;
	});
	afterEach(() => {
		clock.now = realNow;
		node.payment.broken = false;
	});

	const stored = (order: OrderView) => node.service.store.orders.findById(order.id);
	const cancel = (order: OrderView) => node.call("cancel", { id: order.id }, bea);
	const later = (ms: number): void => {
		clock.now = () => realNow() + ms;
	};
	const round = () => askForAnswers.call(node.service, new AbortController().signal);
	const askedAbout = (order: OrderView): number => node.payment.asked.filter(({ orderId }) => orderId === order.id).length;

	describe("by events", () => {
		it("pays an order once, however often the event comes", async () => {
			const order = await node.place(bea);
			for (let time = 0; time < 3; time++) await node.deliver("payment.captured", order);
			const paid = await stored(order);
			assert.equal(paid?.status, "paid");
			assert.equal(paid?.version, 2);
			assert.equal("answerDue" in (paid ?? {}), false);
			assert.deepEqual(
				node.events(order).map(({ type }) => type),
				["order.placed", "order.paid"],
			);
			assert.deepEqual(node.payment.refunds, []);
		});

		it("needs no read for the answer to an order that was placed here, and is not misled by what it remembers", async () => {
			const { orders } = node.service.store;
			const find = orders.findById.bind(orders);
			let reads = 0;
			orders.findById = (id) => {
				reads += 1;
				return find(id);
			};
			try {
				await node.deliver("payment.captured", await node.place(bea));
				assert.equal(reads, 0);
				const cancelled = await node.place(bea);
				await cancel(cancelled);
				await node.deliver("payment.captured", cancelled);
				assert.deepEqual(node.payment.refunds, [cancelled.payment.id]);
			} finally {
				orders.findById = find;
			}
		});

		it("declines an order with the code, and stops waiting", async () => {
			const order = await node.place(bea);
			await node.deliver("payment.declined", order);
			const { status, payment } = await node.order(order.id);
			assert.deepEqual([status, payment.status, payment.declineCode], ["payment_declined", "declined", "card_declined"]);
			assert.equal("answerDue" in ((await stored(order)) ?? {}), false);
		});

		it("shows that the buyer has to confirm", async () => {
			const order = await node.place(bea);
			await node.deliver("payment.requires_action", order);
			const { status, payment, version } = await node.order(order.id);
			assert.deepEqual([status, payment.status, version], ["placed", "requires_action", 2]);
		});

		it("sends back money for a cancelled order, and keeps what became of it", async () => {
			const order = await node.place(bea);
			await cancel(order);
			await node.deliver("payment.captured", order);
			assert.deepEqual(node.payment.refunds, [order.payment.id]);
			await node.deliver("payment.refunded", order);
			const { status, payment } = await node.order(order.id);
			assert.deepEqual([status, payment.status], ["cancelled", "refunded"]);
		});

		it("asks for the refund again when the first question got lost", async () => {
			const order = await node.place(bea);
			await cancel(order);
			node.payment.broken = true;
			await assert.rejects(node.deliver("payment.captured", order), /payment is away/);
			node.payment.broken = false;
			await node.deliver("payment.captured", order);
			assert.deepEqual(node.payment.refunds, [order.payment.id]);
		});

		it("sends back money for an order that there is not", async () => {
			const order = await node.place(bea);
			await node.deliver("payment.captured", order, { orderId: newId() });
			assert.deepEqual(node.payment.refunds, [order.payment.id]);
			assert.equal((await node.order(order.id)).status, "placed");
		});

		it("decides between a cancel and a capture at the same moment by who was written first", async () => {
			const orders = await Promise.all(Array.from({ length: 10 }, () => node.place(bea)));
			await Promise.all(orders.flatMap((order) => [cancel(order), node.deliver("payment.captured", order)]));
			for (const order of orders) {
				const { status, history } = (await stored(order)) ?? assert.fail();
				assert.equal(status, "cancelled");
				const wasPaid = history.some(({ to }) => to === "paid");
				assert.equal(node.payment.refunds.includes(order.payment.id), !wasPaid, "what was paid first is refunded by the event");
			}
		});
	});

	describe("by asking", () => {
		it("asks about an order that nobody answered, with what is needed to charge it, and takes the answer", async () => {
			const order = await node.place(bea);
			node.payment.states.set(order.payment.id, { status: "captured" });
			await round();
			assert.equal(askedAbout(order), 0, "not before its time");
			later(settings().answerDeadline);
			await round();
			assert.equal((await node.order(order.id)).status, "paid");
			assert.deepEqual(
				node.payment.asked.find(({ orderId }) => orderId === order.id),
				{
					paymentId: order.payment.id,
					orderId: order.id,
					attempt: 1,
					buyerId: "bea",
					sellerId: "demo-seller",
					amount: order.totals.total,
					method: "sandbox_success",
					productName: "Chicken wing",
					placedAt: order.createdAt,
				},
			);
			later(settings().answerDeadline * 100);
			await round();
			assert.equal(askedAbout(order), 1);
		});

		it("takes a decline", async () => {
			const order = await node.place(bea);
			node.payment.states.set(order.payment.id, { status: "declined", declineCode: "expired_card" });
			later(settings().answerDeadline);
			await round();
			const { status, payment } = await node.order(order.id);
			assert.deepEqual([status, payment.declineCode], ["payment_declined", "expired_card"]);
		});

		it("asks less and less often while there is no answer, and the version stays", async () => {
			const order = await node.place(bea);
			const first = settings().answerDeadline;
			for (const [at, questions] of [
				[first, 1],
				[first * 2, 1],
				[first * 3, 2],
				[first * 3 + 8_000, 3],
			] as const) {
				later(at + 100);
				await round();
				assert.equal(askedAbout(order), questions, `after ${at} ms`);
			}
			assert.equal((await node.order(order.id)).version, 1);
		});

		it("asks about the others when one question fails, and about that one again later", async () => {
			const [bad, good] = [await node.place(bea), await node.place(bea)];
			node.payment.states.set(good.payment.id, { status: "captured" });
			node.payment.states.set(bad.payment.id, { status: "captured" });
			await cancel(bad);
			await node.service.store.orders.update({ _id: bad.id }, { $set: { answerDue: 1 } });
			node.payment.broken = true; // the refund of the cancelled one fails
			later(settings().answerDeadline);
			await round();
			assert.equal((await node.order(good.id)).status, "paid");
			assert.deepEqual(node.payment.refunds, []);
			node.payment.broken = false;
			later(settings().answerDeadline * 10);
			await round();
			assert.deepEqual(node.payment.refunds, [bad.payment.id]);
		});

		it("asks about more orders than fit into one batch", async () => {
			const orders = await Promise.all(Array.from({ length: 60 }, () => node.place(bea)));
			for (const order of orders) node.payment.states.set(order.payment.id, { status: "captured" });
			later(settings().answerDeadline);
			await round();
			for (const order of orders) assert.equal((await node.order(order.id)).status, "paid");
		});

		it("asks once for each order when two rounds run at the same time", async () => {
			const orders = await Promise.all(Array.from({ length: 10 }, () => node.place(bea)));
			later(settings().answerDeadline);
			await Promise.all([round(), round()]);
			for (const order of orders) assert.equal(askedAbout(order), 1);
		});
	});
});

bothStores("settling orders after a start", (profile) => {
	it("asks without being told to", async () => {
		const node = await startOrdersNode(profile());
		const realNow = clock.now;
		try {
			const order = await node.place(bea);
			clock.now = () => realNow() + settings().answerDeadline;
			node.payment.states.set(order.payment.id, { status: "captured" });
			node.service.asking?.wake();
			await until(
				"the order to be paid",
				() => node.order(order.id),
				({ status }) => status === "paid",
			);
		} finally {
			clock.now = realNow;
			await node.stop();
		}
	});
});
