import assert from "node:assert/strict";
import { paymentStatuses } from "../../../contracts/http/orders.ts";
import { decideClose } from "../../../services/payment/closing.ts";
import { dueWork } from "../../../services/payment/due.ts";
import { decideOutcome, type Outcome } from "../../../services/payment/outcome.ts";
import { newTombstone, type Payment, paymentIdOf } from "../../../services/payment/payment.ts";
import { aMoment, aPayment, aPaymentThatIs, nextAction, said, total, written } from "../../support/a-payment.ts";

const typesOf = (decision: { events: { type: string }[] } | null): string[] => decision?.events.map(({ type }) => type) ?? [];
const cancelled = { reason: "order_cancelled", by: "bea" };
const closed = (payment: Payment): Payment => written(payment, decideClose(payment, cancelled, aMoment));

describe("payment: what the provider says", () => {
	it("captures the whole amount and tells", () => {
		const decision = decideOutcome(aPayment(), said("captured"), aMoment);
		assert.equal(decision?.payment.captured, total);
		assert.equal(decision?.payment.answerDue, undefined);
		assert.deepEqual(typesOf(decision), ["payment.captured"]);
		assert.deepEqual(decision?.events[0]?.data, {
			...{ paymentId: paymentIdOf("order-1", 1), orderId: "order-1", attempt: 1, buyerId: "bea", sellerId: "sal" },
			...{ amount: { amount: total, currency: "MYR" }, method: "sandbox_success" },
		});
	});

	it("keeps why it was declined, and tells", () => {
		const decision = decideOutcome(aPayment(), said("declined"), aMoment);
		assert.equal(decision?.payment.declineCode, "stolen_card");
		assert.equal(decision?.payment.captured, 0);
		assert.deepEqual(typesOf(decision), ["payment.declined"]);
	});

	it("keeps what the buyer has to do, for as long as they have to", () => {
		const asked = decideOutcome(aPayment(), said("requires_action"), aMoment);
		assert.deepEqual(asked?.payment.nextAction, nextAction);
		assert.deepEqual(typesOf(asked), ["payment.requires_action"]);
		const done = decideOutcome(written(aPayment(), asked), said("captured"), aMoment);
		assert.equal(done?.payment.nextAction, undefined);
	});

	it("changes nothing while the provider is still at it", () => {
		for (const status of paymentStatuses) assert.equal(decideOutcome(aPaymentThatIs(status), said("processing"), aMoment), null);
	});

	it("changes nothing when it is said again", () => {
		for (const status of ["captured", "declined", "voided", "requires_action", "authorized"] as const) {
			const once = written(aPayment(), decideOutcome(aPayment(), said(status), aMoment));
			assert.equal(decideOutcome(once, said(status), aMoment), null, status);
		}
	});

	it("forgets a decline when the money turns out to be taken", () => {
		const decision = decideOutcome(aPaymentThatIs("declined"), said("captured"), aMoment);
		assert.equal(decision?.payment.status, "captured");
		assert.equal(decision?.payment.declineCode, undefined);
		assert.deepEqual(typesOf(decision), ["payment.captured"]);
	});

	it("does not take back a capture for a late decline", () => {
		assert.equal(decideOutcome(aPaymentThatIs("captured"), said("declined"), aMoment), null);
	});

	it("remembers the provider's name for it", () => {
		const outcome: Outcome = { status: "captured", ref: "pi_1" };
		assert.equal(decideOutcome(aPayment(), outcome, aMoment)?.payment.providerRef, "pi_1");
	});

	it("goes on from an authorisation to the capture", () => {
		const authorized = written(aPayment(), decideOutcome(aPayment(), said("authorized"), aMoment));
		assert.deepEqual(dueWork(authorized), { kind: "capture" });
		assert.equal(authorized.answerDue, aMoment.at + aMoment.deadline);
	});
});

describe("payment: when its order ends", () => {
	for (const status of ["processing", "requires_action", "authorized"] as const) {
		it(`sees to it that a payment that is ${status} takes nothing any more`, () => {
			const payment = closed(aPaymentThatIs(status));
			assert.equal(payment.status, status);
			assert.deepEqual(dueWork(payment), { kind: "void" });
			assert.equal(payment.answerDue, aMoment.at + aMoment.deadline);
		});
	}

	it("gives back all that was captured", () => {
		const payment = closed(aPaymentThatIs("captured"));
		assert.deepEqual(
			payment.refunds.map(({ amount, status, by, reason }) => ({ amount, status, by, reason })),
			[{ amount: total, status: "pending", by: "bea", reason: "order_cancelled" }],
		);
	});

	it("gives back what is left after refunds, pending ones included", () => {
		const pending = { id: "r1", amount: 800, status: "pending", at: "", by: "sal" } as const;
		const partly = aPaymentThatIs("partially_refunded");
		const payment = closed({ ...partly, refunds: [...partly.refunds, pending] });
		assert.equal(payment.refunds.at(-1)?.amount, total - 5_000 - 800);
	});

	for (const status of ["declined", "voided"] as const) {
		it(`has nothing to do for one that is ${status}, but gives back what turns out to be taken`, () => {
			const payment = closed(aPaymentThatIs(status));
			assert.equal(dueWork(payment), null);
			assert.equal(payment.answerDue, undefined);
			const late = written(payment, decideOutcome(payment, said("captured"), aMoment));
			assert.equal(late.status, "captured");
			assert.deepEqual(
				late.refunds.map(({ amount, status }) => [amount, status]),
				[[total, "pending"]],
			);
			assert.equal(late.answerDue, aMoment.at + aMoment.deadline);
		});
	}

	it("tells of the capture before it tells of the refund", () => {
		const payment = closed(aPayment());
		assert.deepEqual(typesOf(decideOutcome(payment, said("captured"), aMoment)), ["payment.captured"]);
	});

	it("ends voided when the provider declines, and keeps why", () => {
		const payment = closed(aPayment());
		const decision = decideOutcome(payment, said("declined"), aMoment);
		assert.equal(decision?.payment.status, "voided");
		assert.equal(decision?.payment.declineCode, "stolen_card");
		assert.deepEqual(typesOf(decision), ["payment.voided"]);
	});

	it("changes nothing the second time", () => {
		for (const status of paymentStatuses) {
			const payment = closed(aPaymentThatIs(status));
			assert.equal(decideClose(payment, { reason: "other", by: "else" }, aMoment), null, status);
		}
	});

	it("leaves a voided one where the payment would have been", () => {
		const { orderId, attempt, buyerId, sellerId, amount, method, provider } = aPayment();
		const wanted = { orderId, attempt, buyerId, sellerId, amount, method, provider };
		const { payment, events } = newTombstone(wanted, cancelled, aMoment);
		assert.equal(payment._id, aPayment()._id);
		assert.equal(payment.status, "voided");
		assert.deepEqual(typesOf({ events }), ["payment.voided"]);
		const late = decideOutcome({ ...payment, version: 1, updatedAt: "" }, said("captured"), aMoment);
		assert.equal(late?.payment.refunds[0]?.amount, total);
	});
});
