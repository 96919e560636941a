import assert from "node:assert/strict";
import { clock } from "../../../config/clock.ts";
import { profile as settings } from "../../../config/profile.ts";
import type { DomainEvent, OrderFacts } from "../../../contracts/events.ts";
import type { PaymentStatus } from "../../../contracts/http/orders.ts";
import { sendReminders } from "../../../services/payment/reminding.ts";
import { bothStores } from "../../support/both-stores.ts";
import { Lifeline } from "../../support/lifeline.ts";
import { anOrderOf, type PaymentNode, startPaymentNode } from "../../support/payment-node.ts";
import { until } from "../../support/until.ts";

const minute = 60_000;
const day = 86_400_000;
const dueAfter = settings().paymentDueAfter;
const forever = new AbortController().signal;

const line = (name: string) => {
	const price = { amount: 9_900, currency: "MYR" };
	return { productId: name, name, quantity: 1, unitPrice: price, total: price };
};

type Reminder = DomainEvent<"payment.reminder_due">;

/** What was heard of reminders of this payment. */
const remindersOf = ({ heard }: PaymentNode, paymentId: string): Reminder[] =>
	heard.filter((event): event is Reminder => event.type === "payment.reminder_due" && event.subject === paymentId);
const daysOf = (node: PaymentNode, paymentId: string): number[] =>
	remindersOf(node, paymentId).map(({ data }) => data.daysOverdue);

/** Everything that is in an outbox has been heard. */
const allHeard = (node: PaymentNode): Promise<unknown> =>
	until(
		"the events to be delivered",
		() => node.service.store.payments.find({ where: { outboxAt: { $exists: true } } }),
		(left) => left.every(({ outbox = [] }) => outbox.every(({ id }) => node.heard.some((event) => event.id === id))),
	);

bothStores("reminders of payments", (profile) => {
	let node: PaymentNode;
	const realNow = clock.now;
	/** Where the clock of a test stands; each begins a year after the one before, so that none is due in another's rounds. */
	let start = Date.parse("2030-01-01T00:00:00.000Z");
	/** It goes on from there: an event that a dead process did not publish is found a while later. */
	const at = (ms: number): void => {
		const since = realNow();
		clock.now = () => start + ms + (realNow() - since);
	};
	before(async () => {
		node = await startPaymentNode({ ...profile(), outboxGrace: 200 }, { reconciler: false });
	});
	after(() => node?.stop());
	beforeEach(async () => {
		start += 365 * day;
		at(0);
		node.awaitsPayment = () => true;
		await sendReminders(node.service, forever); // a year later nobody is reminded of what the test before left
	});
	afterEach(() => {
		clock.now = realNow;
	});

	const placedNow = (method: string): OrderFacts => ({
		...anOrderOf(method),
		items: ["Chicken wing", "Satay", "Rice"].map(line),
		createdAt: new Date(clock.now()).toISOString(),
	});
	/** An order that was placed now, with its payment at this status. */
	const unpaid = async (method = "sandbox_declined", status: PaymentStatus = "declined"): Promise<OrderFacts> => {
		const order = placedNow(method);
		await node.tell("order.placed", order);
		await node.until(order.paymentId, status);
		return order;
	};
	/** Declined, each in answer to an order that asked. */
	const many = (count: number): Promise<OrderFacts[]> =>
		Promise.all(
			Array.from({ length: count }, async () => {
				const order = placedNow("sandbox_declined");
				const { paymentId, orderId, attempt, buyerId, sellerId, total: amount, createdAt: placedAt } = order;
				const wanted = { paymentId, orderId, attempt, buyerId, sellerId, amount, method: "sandbox_declined" };
				await node.call("ensure", { ...wanted, productName: "Rice", placedAt });
				return order;
			}),
		);
	const round = async (): Promise<void> => {
		await sendReminders(node.service, forever);
		await allHeard(node);
	};

	for (const [method, status] of [
		["sandbox_declined", "declined"],
		["sandbox_requires_action", "requires_action"],
	] as const) {
		it(`come when it is due and on each day overdue while it is ${status}, and not before`, async () => {
			const { paymentId, createdAt } = await unpaid(method, status);
			at(dueAfter - minute);
			await round();
			await allHeard(node);
			assert.deepEqual(daysOf(node, paymentId), []);
			const dueDate = new Date(Date.parse(createdAt) + dueAfter).toISOString();
			for (const overdue of [0, 1, 2]) {
				at(dueAfter + overdue * day + minute);
				for (let time = 0; time < 3; time++) await round();
				assert.deepEqual(daysOf(node, paymentId), [0, 1, 2].slice(0, overdue + 1));
			}
			const [first] = remindersOf(node, paymentId);
			assert.deepEqual([first?.data.productName, first?.data.dueDate], ["Chicken wing and 2 more", dueDate]);
		});
	}

	it("are told by an order that asks for its payment as well as by its event", async () => {
		const [order] = await many(1);
		at(dueAfter + minute);
		await round();
		assert.deepEqual(
			remindersOf(node, order?.paymentId ?? "").map(({ data }) => data.productName),
			["Rice"],
		);
	});

	it("end with the payment", async () => {
		const { paymentId } = await unpaid("sandbox_requires_action", "requires_action");
		at(dueAfter + minute);
		await round();
		await node.call("confirm", { id: paymentId }, { id: "bea" });
		at(dueAfter + day + minute);
		await round();
		await allHeard(node);
		assert.deepEqual(daysOf(node, paymentId), [0]);
	});

	it("do not come for what was paid, but of which the answer was lost", async () => {
		const { paymentId } = await unpaid("sandbox_requires_action", "requires_action");
		await node.service.store.sandbox_charges.update({ paymentId }, { $set: { status: "captured", captured: 19_800 } });
		at(dueAfter + minute);
		await round();
		assert.equal((await node.view(paymentId)).status, "captured");
		assert.deepEqual(daysOf(node, paymentId), []);
	});

	for (const type of ["order.cancelled", "order.expired"] as const) {
		it(`end with ${type}`, async () => {
			const order = await unpaid();
			await node.tell(type, order);
			await until(
				"the payment to be closed",
				() => node.stored(order.paymentId),
				(payment) => payment?.closing !== undefined,
			);
			at(dueAfter + minute);
			await round();
			await allHeard(node);
			assert.deepEqual(daysOf(node, order.paymentId), []);
		});
	}

	it("do not come when the order no longer waits, though nobody told us yet, and a newer attempt has its own", async () => {
		const order = await unpaid();
		const second = {
			...order,
			...anOrderOf("sandbox_declined", order.orderId, 2),
			createdAt: order.createdAt,
			items: order.items,
		};
		await node.tell("order.payment_requested", second);
		await node.until(second.paymentId, "declined");
		node.awaitsPayment = ({ paymentId }) => paymentId === second.paymentId;
		at(dueAfter + minute);
		await round();
		await allHeard(node);
		assert.deepEqual([daysOf(node, order.paymentId), daysOf(node, second.paymentId)], [[], [0]]);
		assert.equal("remindAt" in ((await node.stored(order.paymentId)) ?? {}), false);
	});

	it("wait for orders to answer, and one that cannot be asked about keeps no other waiting", async () => {
		const orders = await many(52); // more than one page
		const [first] = orders;
		node.awaitsPayment = ({ orderId }) => {
			if (orderId === first?.orderId) throw new Error("away");
			return true;
		};
		at(dueAfter + minute);
		await round();
		await allHeard(node);
		for (const { orderId, paymentId } of orders) assert.deepEqual(daysOf(node, paymentId), orderId === first?.orderId ? [] : [0]);
		node.awaitsPayment = () => true;
		await round();
		await allHeard(node);
		assert.deepEqual(daysOf(node, first?.paymentId ?? ""), [0]);
	});

	it("come once though several rounds run at the same time", async () => {
		const orders = await many(20);
		at(dueAfter + minute);
		await Promise.all([sendReminders(node.service, forever), sendReminders(node.service, forever), round()]);
		await allHeard(node);
		for (const { paymentId } of orders) assert.deepEqual(daysOf(node, paymentId), [0]);
	});

	it("come once though a round was asleep between the question and the write until the next day's was sent", async () => {
		const { paymentId } = await unpaid();
		at(dueAfter + minute);
		const asked = Promise.withResolvers<void>();
		const awake = Promise.withResolvers<void>();
		const inner = node.service.broker.call;
		node.service.broker.call = (async () => {
			asked.resolve();
			await awake.promise;
			return true;
		}) as typeof inner; // of the sleeping round alone: it is put back before the others ask
		const sleeper = sendReminders(node.service, forever);
		await asked.promise;
		node.service.broker.call = inner;
		await round();
		at(dueAfter + day + minute);
		await round();
		awake.resolve();
		await sleeper;
		await allHeard(node);
		assert.deepEqual(daysOf(node, paymentId), [0, 1]);
	});

	for (const [method, status, most] of [
		["sandbox_declined", "declined", 8],
		["sandbox_requires_action", "requires_action", 10],
	] as const) {
		for (let steps = 0; steps <= most; steps++) {
			it(`come once for a payment that is ${status} though the process dies after ${steps} steps to or from the store`, async () => {
				const { paymentId } = await unpaid(method, status);
				at(dueAfter + minute);
				const { payments, sandbox_charges } = node.service.store;
				const lifeline = new Lifeline(payments, sandbox_charges);
				lifeline.live(steps);
				await sendReminders(node.service, forever).catch(() => undefined);
				lifeline.cut();
				await round();
				await allHeard(node);
				assert.deepEqual(daysOf(node, paymentId), [0]);
				const events = (await payments.findById(paymentId))?.version;
				assert.equal(events, 3, "stored, answered by the provider, reminded of");
			});
		}
	}
});

bothStores("reminders of payments, over a restart", (profile) => {
	it("come in the next life of the process, and only the newest of those that were missed", async () => {
		const realNow = clock.now;
		let node = await startPaymentNode(profile());
		try {
			const order = { ...anOrderOf("sandbox_declined"), createdAt: new Date(realNow()).toISOString() };
			await node.tell("order.placed", order);
			await node.until(order.paymentId, "declined");
			await node.stop();
			clock.now = () => realNow() + dueAfter + 2 * day;
			node = await startPaymentNode(profile());
			await until(
				"the reminder",
				async () => daysOf(node, order.paymentId),
				(days) => days.length > 0,
			);
			assert.deepEqual(daysOf(node, order.paymentId), [2]);
			clock.now = () => realNow() + dueAfter + 3 * day;
			node.service.reminding?.wake();
			await until(
				"the next one",
				async () => daysOf(node, order.paymentId),
				(days) => days.length > 1,
			);
			assert.deepEqual(daysOf(node, order.paymentId), [2, 3]);
		} finally {
			clock.now = realNow;
			await node.stop();
		}
	});
});
