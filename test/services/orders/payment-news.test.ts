import assert from "node:assert/strict";
import fc from "fast-check";
import { type OrderStatus, orderStatuses, type PaymentStatus, paymentStatuses } from "../../../contracts/http/orders.ts";
import type { Move } from "../../../services/orders/move-effects.ts";
import { decideMove } from "../../../services/orders/moves.ts";
import type { Order } from "../../../services/orders/order.ts";
import { keepsMoney } from "../../../services/orders/order-states.ts";
import { decidePayment, newsOf, type PaymentNews } from "../../../services/orders/payment-news.ts";
import { anOrder, anOrderThatIs, withChange } from "../../support/an-order.ts";

const later = "2026-01-02T03:05:00.000Z";
const total = { amount: 19800, currency: "MYR" };
const news = (status: PaymentStatus, change: Partial<PaymentNews> = {}): PaymentNews => ({
	paymentId: "pay-1",
	attempt: 1,
	status,
	amount: total,
	...change,
});
const told = (order: Order, said: PaymentNews): Order => withChange(order, decidePayment(order, said, later).change, later);

describe("payment news: an order that waits", () => {
	it("is paid by a capture that covers it", () => {
		const decision = decidePayment(anOrder(), news("captured"), later);
		const paid = withChange(anOrder(), decision.change, later);
		assert.equal(paid.status, "paid");
		assert.equal(paid.payment.status, "captured");
		assert.equal(paid.answerDue, undefined);
		assert.deepEqual(paid.history.at(-1), { from: "placed", to: "paid", event: "payment_captured", by: "payment", at: later });
		assert.deepEqual(
			decision.change?.events?.map(({ type }) => type),
			["order.paid"],
		);
		assert.equal(decision.refundUnwanted, null);
	});

	it("is declined with the code that the provider gave", () => {
		const decision = decidePayment(anOrder(), news("declined", { declineCode: "insufficient_funds" }), later);
		const declined = withChange(anOrder(), decision.change, later);
		assert.equal(declined.status, "payment_declined");
		assert.equal(declined.payment.declineCode, "insufficient_funds");
		const [event] = decision.change?.events ?? [];
		assert.equal(event?.type === "order.payment_declined" && event.data.declineCode, "insufficient_funds");
	});

	it("shows that the buyer has to confirm, and goes on waiting", () => {
		const waiting = told(anOrder(), news("requires_action"));
		assert.equal(waiting.status, "placed");
		assert.equal(waiting.payment.status, "requires_action");
		assert.equal(waiting.answerDue, 1_000);
		assert.equal(waiting.history.length, 1);
	});

	it("is declined by a capture that is short, and the money goes back", () => {
		const decision = decidePayment(anOrder(), news("captured", { amount: { amount: 1, currency: "MYR" } }), later);
		const declined = withChange(anOrder(), decision.change, later);
		assert.equal(declined.status, "payment_declined");
		assert.equal(declined.payment.declineCode, "amount_mismatch");
		assert.equal(decision.refundUnwanted, "pay-1");
	});

	it("is paid even if the refund's event overtook the capture's", () => {
		const refunded = told(anOrder(), news("refunded"));
		assert.equal(refunded.status, "paid");
		assert.equal(refunded.payment.status, "refunded");
		assert.deepEqual(decidePayment(refunded, news("captured"), later), { change: null, refundUnwanted: null });
	});

	it("may try another method when its payment was voided", () => {
		const voided = told(anOrder(), news("voided"));
		assert.equal(voided.status, "payment_declined");
		assert.equal(voided.payment.declineCode, "voided");
	});
});

describe("payment news: an order that does not wait", () => {
	for (const status of ["cancelled", "expired", "payment_declined"] as const) {
		it(`sends back money that arrives when it is ${status}`, () => {
			const order = anOrderThatIs(status);
			const decision = decidePayment(order, news("captured"), later);
			assert.equal(decision.refundUnwanted, "pay-1");
			const noted = withChange(order, decision.change, later);
			assert.equal(noted.status, status);
			assert.equal(noted.payment.status, "captured");
			assert.equal(told(noted, news("refunded")).payment.status, "refunded");
		});
	}

	it("sends back money of an older attempt, and takes no other notice of it", () => {
		for (const status of orderStatuses) {
			const order = anOrderThatIs(status, "processing", 2);
			assert.deepEqual(decidePayment(order, news("captured"), later), { change: null, refundUnwanted: "pay-1" });
			for (const ended of ["declined", "voided", "refunded", "requires_action", "processing"] as const) {
				assert.deepEqual(decidePayment(order, news(ended), later), { change: null, refundUnwanted: null });
			}
		}
	});

	it("takes down what became of its payment", () => {
		assert.equal(told(anOrderThatIs("cancelled"), news("voided")).payment.status, "voided");
		assert.equal(told(anOrderThatIs("cancelled", "captured"), news("partially_refunded")).payment.status, "partially_refunded");
		assert.equal(told(anOrderThatIs("delivered", "captured"), news("refunded")).status, "delivered");
	});

	it("never shows a payment that goes backwards", () => {
		const order = anOrderThatIs("cancelled", "refunded");
		for (const status of paymentStatuses) assert.equal(decidePayment(order, news(status), later).change, null);
	});
});

describe("payment news: from events", () => {
	const facts = {
		paymentId: "pay-1",
		orderId: "order-1",
		attempt: 1,
		buyerId: "bea",
		sellerId: "sal",
		amount: total,
		method: "m",
	};
	const envelope = { specversion: "1.0", id: "e", source: "/souk/payment", subject: "pay-1", time: later } as const;
	const refund = { refundId: "r", refunded: total, by: "sal" };

	it("tells a part from the whole of a refund", () => {
		const part = { ...facts, ...refund, refundedTotal: { amount: 1, currency: "MYR" } };
		const whole = { ...facts, ...refund, refundedTotal: total };
		assert.equal(newsOf({ ...envelope, type: "payment.refunded", data: part }).status, "partially_refunded");
		assert.equal(newsOf({ ...envelope, type: "payment.refunded", data: whole }).status, "refunded");
	});

	it("carries the decline code", () => {
		const said = newsOf({ ...envelope, type: "payment.declined", data: { ...facts, declineCode: "stolen_card" } });
		assert.deepEqual(said, {
			paymentId: "pay-1",
			orderId: "order-1",
			attempt: 1,
			amount: total,
			status: "declined",
			declineCode: "stolen_card",
		});
	});
});

// Payments as they really go: each attempt has one life, but its news come late, twice and in any order, between the moves of people.
type Step = { attempt: number; status: PaymentStatus } | Move;
const lives: readonly (readonly PaymentStatus[])[] = [
	["captured"],
	["declined"],
	["requires_action", "captured"],
	["requires_action", "declined"],
	["voided"],
	["requires_action", "voided"],
];
const people: readonly Move[] = [
	{ action: "cancel" },
	{ action: "pay", paymentMethod: "sandbox_success" },
	{ action: "ship", carrier: "Pos", trackingNumber: "T" },
	{ action: "deliver" },
];

const world = fc.tuple(fc.constantFrom(...lives), fc.constantFrom(...lives), fc.constantFrom(...lives)).chain((chosen) => {
	const said = chosen.flatMap((life, index) => life.map((status): Step => ({ attempt: index + 1, status })));
	const steps = fc.array(fc.oneof(fc.constantFrom(...said), fc.constantFrom<Step>(...people)), { maxLength: 25 });
	return fc.record({ said: fc.constant(said), steps });
});

const play = (order: Order, step: Step, key: string, refunds: Set<number>): Order => {
	if ("attempt" in step) {
		if (step.attempt > order.payment.attempt) return order; // nobody asked for that payment yet, so it has no news
		const decision = decidePayment(order, news(step.status, { attempt: step.attempt, paymentId: String(step.attempt) }), later);
		if (decision.refundUnwanted) refunds.add(Number(decision.refundUnwanted));
		return withChange(order, decision.change, later);
	}
	const caller = { id: step.action === "ship" || step.action === "deliver" ? "sal" : "bea", roles: [] };
	try {
		const request = { key, hash: key, named: true };
		const decision = decideMove(order, { caller, request, move: step, at: later, answerDue: 0 });
		if (!("change" in decision)) return order;
		// Payment refunds what a cancelled order had taken when it reads order.cancelled.
		if (step.action === "cancel" && order.status === "paid") refunds.add(order.payment.attempt);
		return withChange(order, decision.change, later);
	} catch {
		return order; // refused: nothing was written
	}
};

describe("payment news: in any order, any number of times", () => {
	it("end with the money of at most one attempt kept, and of none unless the order is paid for", () => {
		fc.assert(
			fc.property(world, ({ said, steps }) => {
				const refunds = new Set<number>();
				// Whatever was shuffled before, every event is delivered at least once in the end.
				const all = [...steps, ...said, ...said];
				const order = all.reduce((current, step, index) => play(current, step, `k${index}`, refunds), anOrder());
				const captured = said.filter((step) => "attempt" in step && step.status === "captured") as { attempt: number }[];
				const begun = captured.filter(({ attempt }) => attempt <= order.payment.attempt);
				const kept = begun.filter(({ attempt }) => !refunds.has(attempt)).map(({ attempt }) => attempt);
				assert.deepEqual(kept, keepsMoney(order.status) ? [order.payment.attempt] : []);
			}),
			{ numRuns: 2_000 },
		);
	});

	it("change nothing when they are said again", () => {
		fc.assert(
			fc.property(world, ({ steps }) => {
				let order = anOrder();
				for (const [index, step] of steps.entries()) {
					order = play(order, step, `k${index}`, new Set());
					if ("attempt" in step) assert.equal(play(order, step, "again", new Set()), order);
				}
			}),
		);
	});

	it("leave a history in which every step begins where the last one ended", () => {
		fc.assert(
			fc.property(world, ({ steps }) => {
				const order = steps.reduce((current, step, index) => play(current, step, `k${index}`, new Set()), anOrder());
				let at: OrderStatus | null = null;
				for (const entry of order.history) {
					assert.equal(entry.from, at);
					at = entry.to;
				}
				assert.equal(at, order.status);
			}),
		);
	});
});
