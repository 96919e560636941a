import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { profile as settings } from "../../../config/profile.ts";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { SqliteCollection } from "../../../mixins/store/sqlite-collection.ts";
import { expireOrders } from "../../../services/orders/expiring.mixin.ts";
import { askForAnswers } from "../../../services/orders/settling.mixin.ts";
import { bothStores } from "../../support/both-stores.ts";
import { Lifeline } from "../../support/lifeline.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { refused } from "../../support/refused.ts";
import { until } from "../../support/until.ts";

const bea = { id: "bea" };
const life = settings().orderExpiresAfter;

bothStores("orders that nobody pays for", (profile) => {
	let node: OrdersNode;
	const realNow = clock.now;
	let ahead = 0;
	before(async () => {
		node = await startOrdersNode(profile());
		// The rounds of this suite are its own.
		await Promise.all([node.service.asking?.stop(), node.service.expiring?.stop()]);
	});
	after(() => node?.stop());
	beforeEach(() => {
		node.payment.asked.length = 0;
		node.payment.refunds.length = 0;
		clock.now = () => realNow() + ahead;
	});
	afterEach(() => {
		clock.now = realNow;
		node.payment.broken = false;
	});
	after(() => {
		clock.now = realNow;
	});

	const forever = new AbortController().signal;
	const round = () => expireOrders.call(node.service, forever);
	const later = (ms: number): void => {
		ahead += ms;
	};
	const declined = async (): Promise<OrderView> => {
		const order = await node.place(bea);
		await node.deliver("payment.declined", order);
		return order;
	};
	const statusOf = async ({ id }: OrderView) => (await node.order(id)).status;
	/** Without repeats. */
	const statuses = async (orders: readonly OrderView[]): Promise<string[]> => {
		const found = await node.service.store.orders.findByIds(orders.map(({ id }) => id));
		return [...new Set(found.map(({ status }) => status))];
	};
	const expiredEvents = (order: OrderView) => node.events(order).filter(({ type }) => type === "order.expired");
	const history = async (order: OrderView) =>
		(await node.call<{ items: { event: string; by: string }[] }>("history", { id: order.id }, bea)).body.items;

	it("end when their time is over, and not before", async () => {
		const order = await declined();
		later(life - 60_000);
		await round();
		assert.equal(await statusOf(order), "payment_declined");
		later(60_000);
		await round();
		assert.equal(await statusOf(order), "expired");
		assert.deepEqual((await history(order)).at(-1), {
			...{ from: "payment_declined", to: "expired", event: "expire", by: "system" },
			at: (await node.order(order.id)).updatedAt,
		});
		await round();
		assert.equal(expiredEvents(order).length, 1);
		assert.equal("expiresAt" in ((await node.service.store.orders.findById(order.id)) ?? {}), false);
		await refused(node.call("pay", { id: order.id, paymentMethod: "sandbox_success" }, bea), "TRANSITION_REFUSED");
	});

	it("do not end while nobody knows what became of the payment, but in the round after the answer", async () => {
		const order = await node.place(bea);
		later(life * 3);
		await round();
		await askForAnswers.call(node.service, forever);
		assert.ok(
			node.payment.asked.some(({ orderId }) => orderId === order.id),
			"it was asked about",
		);
		await round();
		assert.equal(await statusOf(order), "placed");
		node.payment.states.set(order.payment.id, { status: "declined", declineCode: "expired_card" });
		later(60_000);
		await askForAnswers.call(node.service, forever);
		await round();
		assert.equal(await statusOf(order), "expired");
		assert.deepEqual(
			(await history(order)).map(({ event }) => event),
			["place", "payment_declined", "expire"],
		);
	});

	it("do not end if the answer is that they are paid", async () => {
		const order = await node.place(bea);
		later(life);
		await round();
		await node.deliver("payment.captured", order);
		await round();
		assert.equal(await statusOf(order), "paid");
	});

	it("end while the provider waits for the buyer, once it was asked for the last time", async () => {
		const [waiting, confirmed] = [await node.place(bea), await node.place(bea)];
		for (const order of [waiting, confirmed]) await node.deliver("payment.requires_action", order);
		node.payment.states.set(waiting.payment.id, { status: "requires_action" });
		node.payment.states.set(confirmed.payment.id, { status: "captured" });
		later(life);
		await round();
		assert.deepEqual([await statusOf(waiting), await statusOf(confirmed)], ["expired", "paid"]);
	});

	it("give back what is captured later", async () => {
		const order = await declined();
		later(life);
		await round();
		await node.deliver("payment.captured", order);
		assert.equal(await statusOf(order), "expired");
		assert.deepEqual(node.payment.refunds, [order.payment.id]);
	});

	it("are not given more time by paying again, but that payment's answer is waited for", async () => {
		const order = await declined();
		later(life - 1_000);
		await node.call("pay", { id: order.id, paymentMethod: "sandbox_declined" }, bea);
		later(1_000);
		await round();
		assert.equal(await statusOf(order), "placed");
		const { payment } = await node.order(order.id);
		await node.deliver("payment.declined", order, { paymentId: payment.id, attempt: 2 });
		await round();
		assert.equal(await statusOf(order), "expired");
	});

	it("all end, however many there are, and though some cannot", async () => {
		const orders = await Promise.all(Array.from({ length: 55 }, () => node.place(bea)));
		await Promise.all(orders.map((order) => node.deliver("payment.declined", order)));
		const stuck = await Promise.all(Array.from({ length: 51 }, () => node.place(bea)));
		await Promise.all(stuck.map((order) => node.deliver("payment.requires_action", order)));
		// The stuck ones are the longest overdue: more of them than fit into one page.
		for (const { id } of stuck) await node.service.store.orders.update({ _id: id }, { $set: { expiresAt: 1 } });
		const { broker } = node.service;
		const call = broker.call;
		broker.call = (async () => {
			throw new Error("payment is away");
		}) as typeof broker.call; // what the service calls, not what this suite calls
		later(life);
		try {
			await round();
		} finally {
			broker.call = call;
		}
		assert.deepEqual([await statuses(orders), await statuses(stuck)], [["expired"], ["placed"]]);
		await round();
		assert.deepEqual(await statuses(stuck), ["expired"]);
	});

	it("end once though two rounds run at the same time", async () => {
		const orders = await Promise.all(Array.from({ length: 20 }, declined));
		later(life);
		await Promise.all([round(), round(), round()]);
		for (const order of orders) {
			assert.equal(expiredEvents(order).length, 1);
			assert.equal((await node.service.store.orders.findById(order.id))?.version, 3);
		}
	});

	for (let steps = 0; steps <= 8; steps++) {
		it(`end once though the process dies after ${steps} steps to or from the store`, async () => {
			const order = await declined();
			later(life);
			const lifeline = new Lifeline(node.service.store.orders);
			try {
				lifeline.live(steps);
				await round().catch(() => undefined);
			} finally {
				lifeline.cut();
			}
			await round();
			const stored = await node.service.store.orders.findById(order.id);
			assert.equal(stored?.status, "expired");
			assert.equal(stored.version, 3);
			assert.equal(stored.history.filter(({ event }) => event === "expire").length, 1);
		});
	}

	it("say whether they still wait for a payment, at the moment of the question", async () => {
		const waits = (orderId: string, paymentId: string) =>
			node.broker.call<boolean, object>("orders.awaitsPayment", { orderId, paymentId });
		const order = await declined();
		assert.equal(await waits(order.id, order.payment.id), true);
		const { payment } = (await node.call<OrderView>("pay", { id: order.id, paymentMethod: "sandbox_declined" }, bea)).body;
		assert.deepEqual([await waits(order.id, order.payment.id), await waits(order.id, payment.id)], [false, true]);
		later(life);
		assert.equal(await waits(order.id, payment.id), false, "its time is over, though no round has found it yet");
		assert.equal(await waits("nobody-knows-it", payment.id), false);
	});

	it("are found by an index", () => {
		const { orders } = node.service.store;
		if (!(orders instanceof SqliteCollection)) return; // the plan of the embedded store stands for both: they have the same indexes
		const where = { expiresAt: { $lte: 1 }, status: { $in: ["placed"] }, "payment.status": { $nin: ["processing"] } };
		const plan = orders.explain({ where, sort: [["expiresAt", 1]], limit: 50 }).join("; ");
		assert.match(plan, /USING INDEX orders\.expires /);
		assert.doesNotMatch(plan, /TEMP B-TREE/);
	});
});

bothStores("orders that nobody pays for, over a restart", (profile) => {
	it("end by themselves in the next life of the process", async () => {
		const realNow = clock.now;
		let node = await startOrdersNode(profile());
		try {
			const order = await node.place(bea);
			await node.deliver("payment.declined", order);
			await node.stop();
			clock.now = () => realNow() + life;
			node = await startOrdersNode(profile());
			await until(
				"the order to be expired",
				() => node.order(order.id),
				({ status }) => status === "expired",
			);
		} finally {
			clock.now = realNow;
			await node.stop();
		}
	});
});
