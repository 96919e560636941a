import assert from "node:assert/strict";
import { paymentStatuses } from "../../../contracts/http/orders.ts";
import { dueWork, nextLook, withDeadline } from "../../../services/payment/due.ts";
import { aMoment, aPaymentThatIs } from "../../support/a-payment.ts";

const closing = { reason: "order_cancelled", by: "bea", at: "" };

describe("payment: what is due", () => {
	const expected = {
		processing: ["look", "void"],
		requires_action: ["look", "void"],
		authorized: ["capture", "void"],
		captured: [undefined, undefined],
		declined: [undefined, undefined],
		voided: [undefined, undefined],
		partially_refunded: [undefined, undefined],
		refunded: [undefined, undefined],
	} as const;
	for (const status of paymentStatuses) {
		const [open, closed] = expected[status];
		it(`of one that is ${status}: ${open ?? "nothing"}; of a closing one: ${closed ?? "nothing"}`, () => {
			assert.equal(dueWork(aPaymentThatIs(status))?.kind, open);
			assert.equal(dueWork(aPaymentThatIs(status, { closing }))?.kind, closed);
		});
	}

	it("is a promised refund before all else", () => {
		const refund = { id: "r", amount: 1, status: "pending", at: "", by: "sal" } as const;
		assert.deepEqual(dueWork(aPaymentThatIs("captured", { refunds: [refund] })), { kind: "refund", refund });
	});
});

describe("payment: deadlines", () => {
	it("stand only while something is due", () => {
		for (const status of paymentStatuses) {
			const payment = withDeadline(aPaymentThatIs(status, { answerDue: 1, answerTries: 7 }), aMoment);
			assert.equal(payment.answerDue !== undefined, dueWork(payment) !== null, status);
			assert.equal(payment.answerTries, 0);
		}
	});

	it("leave a person more time than a provider", () => {
		const wait = (status: "processing" | "requires_action", change = {}) =>
			(withDeadline(aPaymentThatIs(status, change), aMoment).answerDue ?? 0) - aMoment.at;
		assert.equal(wait("processing"), 5_000);
		assert.equal(wait("requires_action"), 60_000);
		assert.equal(wait("requires_action", { closing }), 5_000);
	});

	it("grow, but never so far that a restart takes more than 15 s to settle what it finds", () => {
		const waits = [0, 1, 2, 10, 29].map((answerTries) => nextLook(aPaymentThatIs("processing", { answerTries }), 2_000));
		assert.deepEqual(waits, [4_000, 8_000, 8_000, 8_000, 8_000]);
	});

	it("grow further once it is plain that no crash of ours is to blame", () => {
		assert.equal(nextLook(aPaymentThatIs("processing", { answerTries: 40 }), 2_000), 300_000);
		assert.equal(nextLook(aPaymentThatIs("requires_action", { answerTries: 40 }), 2_000), 60_000);
	});

	it("are no shorter than what the operator asked for", () => {
		assert.equal(nextLook(aPaymentThatIs("processing", { answerTries: 3 }), 20_000), 20_000);
	});
});
