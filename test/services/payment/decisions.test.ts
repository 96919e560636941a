import assert from "node:assert/strict";
import fc from "fast-check";
import { decideClose } from "../../../services/payment/closing.ts";
import { dueWork } from "../../../services/payment/due.ts";
import { decideRefund } from "../../../services/payment/moves.ts";
import { decideOutcome, type Outcome } from "../../../services/payment/outcome.ts";
import { type Decision, type Payment, promised, refundable } from "../../../services/payment/payment.ts";
import { decideRefundOutcome } from "../../../services/payment/refunds.ts";
import { aMoment, aPayment, said, total, written } from "../../support/a-payment.ts";

// Decisions alone, in any order: a provider that says anything at any time, people who ask for anything. any-order.test.ts does the same
// with a provider and a store that fail; here there are thousands of stories a second.

type Happening =
	| { kind: "outcome"; status: Outcome["status"] }
	| { kind: "close" }
	| { kind: "ask"; amount: number; key: string }
	| { kind: "answer"; which: number; ok: boolean };

const happening: fc.Arbitrary<Happening> = fc.oneof(
	fc.record({
		kind: fc.constant("outcome"),
		status: fc.constantFrom("captured", "authorized", "requires_action", "declined", "voided", "processing"),
	}),
	fc.record({ kind: fc.constant("close") }),
	fc.record({
		kind: fc.constant("ask"),
		amount: fc.integer({ min: 1, max: total + 1 }),
		key: fc.constantFrom("a", "b", "c", "d"),
	}),
	fc.record({ kind: fc.constant("answer"), which: fc.nat({ max: 5 }), ok: fc.boolean() }),
) as fc.Arbitrary<Happening>; // fast-check widens the words of a union

const ask = (payment: Payment, amount: number, key: string): Decision | null => {
	const request = { key, hash: String(amount), named: true };
	try {
		return decideRefund(payment, { caller: { id: "sal", roles: [] }, request, amount, moment: aMoment });
	} catch {
		return null; // refused: nothing is written
	}
};

const decide = (payment: Payment, what: Happening): Decision | null => {
	switch (what.kind) {
		case "outcome":
			return decideOutcome(payment, said(what.status), aMoment);
		case "close":
			return decideClose(payment, { reason: "order_cancelled", by: "bea" }, aMoment);
		case "ask":
			return ask(payment, what.amount, what.key);
		case "answer": {
			const outcome = what.ok ? ({ status: "succeeded" } as const) : ({ status: "failed", code: "no" } as const);
			return decideRefundOutcome(payment, payment.refunds[what.which]?.id ?? "", outcome, aMoment);
		}
	}
};

const stories = fc.array(happening, { maxLength: 30 });

const everyStep = (check: (before: Payment, after: Payment, decision: Decision | null) => void): void => {
	fc.assert(
		fc.property(stories, (story) => {
			let payment = aPayment();
			for (const what of story) {
				const decision = decide(payment, what);
				const after = written(payment, decision);
				check(payment, after, decision);
				payment = after;
			}
		}),
		{ numRuns: 2_000 },
	);
};

describe("payment: decisions in any order", () => {
	it("never give back, or promise, more than was captured, nor capture more than the total", () =>
		everyStep((_before, { captured, refunded, refunds }) => {
			assert.ok(captured === 0 || captured === total);
			assert.ok(refunded <= captured);
			assert.ok(promised({ refunds }) <= captured);
		}));

	it("count as refunded what went back, and nothing else", () =>
		everyStep((_before, { refunded, refunds }) => {
			const back = refunds.filter(({ status }) => status === "succeeded").reduce((sum, { amount }) => sum + amount, 0);
			assert.equal(refunded, back);
		}));

	it("agree about status and money", () =>
		everyStep((_before, { status, captured, refunded }) => {
			const expected =
				captured === 0 ? undefined : refunded === 0 ? "captured" : refunded < total ? "partially_refunded" : "refunded";
			if (expected) assert.equal(status, expected);
			else assert.ok(!["captured", "partially_refunded", "refunded"].includes(status), status);
		}));

	it("leave nothing unpromised of a payment that nobody waits for, unless the provider refused to take it", () =>
		everyStep((_before, payment) => {
			if (!payment.closing || payment.refunds.some(({ status, closing }) => closing && status === "failed")) return;
			assert.equal(refundable(payment), 0);
		}));

	it("never forget what is due: a deadline stands exactly while there is something to do", () =>
		everyStep((_before, payment) => assert.equal(payment.answerDue !== undefined, dueWork(payment) !== null)));

	it("tell of a capture once, and of each refund once", () => {
		fc.assert(
			fc.property(stories, (story) => {
				const told: string[] = [];
				story.reduce((payment, what) => {
					const decision = decide(payment, what);
					told.push(
						...(decision?.events ?? [])
							.filter(({ type }) => type === "payment.captured" || type === "payment.refunded")
							.map(({ type, data }) => ("refundId" in data ? data.refundId : type)),
					);
					return written(payment, decision);
				}, aPayment());
				assert.equal(new Set(told).size, told.length);
			}),
		);
	});

	it("take nothing back: history only grows, each step from where the last one ended", () =>
		everyStep((before, after, decision) => {
			if (!decision) return;
			assert.deepEqual(after.history.slice(0, before.history.length), before.history);
			assert.equal(after.history.at(-1)?.to, after.status);
			assert.ok(after.refunds.length >= before.refunds.length);
		}));

	it("change nothing when the same is said or asked again", () =>
		everyStep((_before, after, decision) => {
			const last = decision && after.requests.at(-1);
			if (last) assert.equal(decide(after, { kind: "ask", amount: Number(last.hash), key: last.key }), null);
		}));
});
