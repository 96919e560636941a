import assert from "node:assert/strict";
import { decideClose } from "../../../services/payment/closing.ts";
import { dueWork } from "../../../services/payment/due.ts";
import type { Payment, Refund } from "../../../services/payment/payment.ts";
import { decideRefundOutcome } from "../../../services/payment/refunds.ts";
import { aMoment, aPaymentThatIs, total, written } from "../../support/a-payment.ts";

const promise = (amount: number, change: Partial<Refund> = {}): Refund => ({
	...{ id: `r-${amount}`, amount, status: "pending", at: "2026-01-02T03:04:05.000Z", by: "sal" },
	...change,
});
const withRefunds = (...refunds: Refund[]): Payment => aPaymentThatIs("captured", { refunds });
const settle = (payment: Payment, id: string, status: "succeeded" | "pending"): Payment =>
	written(payment, decideRefundOutcome(payment, id, { status }, aMoment));
const refused = (payment: Payment, id: string): Payment =>
	written(payment, decideRefundOutcome(payment, id, { status: "failed", code: "card_closed" }, aMoment));

describe("payment: refunds", () => {
	it("counts a part, and tells how much went back in all", () => {
		const payment = withRefunds(promise(800, { reason: "one was broken" }));
		const decision = decideRefundOutcome(payment, "r-800", { status: "succeeded" }, aMoment);
		assert.equal(decision?.payment.status, "partially_refunded");
		assert.equal(decision?.payment.refunded, 800);
		assert.equal(decision?.payment.answerDue, undefined);
		const [event] = decision?.events ?? [];
		assert.equal(event?.type, "payment.refunded");
		const { refundId, refunded, refundedTotal, by, reason } = { ...event?.data } as Record<string, unknown>;
		const money = { amount: 800, currency: "MYR" };
		const told = { refundId, refunded, refundedTotal, by, reason };
		assert.deepEqual(told, { refundId: "r-800", refunded: money, refundedTotal: money, by: "sal", reason: "one was broken" });
	});

	it("is refunded once nothing is left", () => {
		const payment = settle(
			settle(withRefunds(promise(800), promise(total - 800)), "r-800", "succeeded"),
			`r-${total - 800}`,
			"succeeded",
		);
		assert.equal(payment.status, "refunded");
		assert.equal(payment.refunded, total);
	});

	it("is still due while the provider has not said", () => {
		const payment = withRefunds(promise(800));
		assert.equal(decideRefundOutcome(payment, "r-800", { status: "pending" }, aMoment), null);
		assert.equal(dueWork(payment)?.kind, "refund");
	});

	it("counts the same answer once", () => {
		const once = settle(withRefunds(promise(800)), "r-800", "succeeded");
		assert.equal(decideRefundOutcome(once, "r-800", { status: "succeeded" }, aMoment), null);
		assert.equal(decideRefundOutcome(once, "r-800", { status: "failed", code: "late" }, aMoment), null);
	});

	it("does not count one that was never promised", () => {
		assert.equal(decideRefundOutcome(withRefunds(), "r-1", { status: "succeeded" }, aMoment), null);
	});

	it("keeps the money when the provider refuses, and says why", () => {
		const payment = refused(withRefunds(promise(800)), "r-800");
		assert.equal(payment.status, "captured");
		assert.equal(payment.refunded, 0);
		assert.deepEqual([payment.refunds[0]?.status, payment.refunds[0]?.failure], ["failed", "card_closed"]);
		assert.equal(payment.answerDue, undefined);
	});

	it("goes on with the next one that is due", () => {
		const payment = settle(withRefunds(promise(1), promise(2)), "r-1", "succeeded");
		assert.deepEqual(dueWork(payment), { kind: "refund", refund: promise(2) });
		assert.equal(payment.answerDue, aMoment.at + aMoment.deadline);
	});

	it("gives back what somebody's refused refund had reserved, when nobody waits for the money", () => {
		const reserved = withRefunds(promise(800));
		const closing = written(reserved, decideClose(reserved, { reason: "order_cancelled", by: "bea" }, aMoment));
		assert.deepEqual(
			closing.refunds.map(({ amount }) => amount),
			[800, total - 800],
		);
		const payment = refused(closing, "r-800");
		assert.deepEqual(
			payment.refunds.map(({ amount, status }) => [amount, status]),
			[
				[800, "failed"],
				[total - 800, "pending"],
				[800, "pending"],
			],
		);
		assert.equal(new Set(payment.refunds.map(({ id }) => id)).size, 3);
	});

	it("does not ask for ever when the provider refuses to take the money back", () => {
		const captured = withRefunds();
		const closing = written(captured, decideClose(captured, { reason: "order_cancelled", by: "bea" }, aMoment));
		const payment = refused(closing, closing.refunds[0]?.id ?? "");
		assert.equal(dueWork(payment), null);
		assert.equal(payment.status, "captured");
	});
});
