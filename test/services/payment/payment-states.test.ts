import assert from "node:assert/strict";
import { type PaymentStatus, paymentStatuses } from "../../../contracts/http/orders.ts";
import { type PaymentEvent, paymentEvents, paymentMachine } from "../../../services/payment/payment-states.ts";

// Written out by hand, so that a slip in the table shows: every status with every event. Null: a late or contradictory word that
// changes nothing. A refund of a part is the default here; the guards have tests of their own below.
const row = (moves: Partial<Record<PaymentEvent, PaymentStatus>>) =>
	Object.fromEntries(paymentEvents.map((event) => [event, moves[event] ?? null])) as Record<PaymentEvent, PaymentStatus | null>;

const expected: Record<PaymentStatus, Record<PaymentEvent, PaymentStatus | null>> = {
	processing: row({
		provider_captured: "captured",
		provider_authorized: "authorized",
		provider_requires_action: "requires_action",
		provider_declined: "declined",
		provider_voided: "voided",
	}),
	requires_action: row({
		provider_captured: "captured",
		provider_authorized: "authorized",
		provider_declined: "declined",
		provider_voided: "voided",
	}),
	authorized: row({ provider_captured: "captured", provider_declined: "declined", provider_voided: "voided" }),
	captured: row({ refund_succeeded: "partially_refunded" }),
	declined: row({ provider_captured: "captured" }),
	voided: row({ provider_captured: "captured" }),
	partially_refunded: row({ refund_succeeded: "partially_refunded" }),
	refunded: row({}),
};

const next = (status: PaymentStatus, event: PaymentEvent, facts = { closing: false, left: 1 }): PaymentStatus | null => {
	const step = paymentMachine.next(status, event, facts);
	return step.ok ? step.to : null;
};

describe("payment states: every status with every event", () => {
	for (const status of paymentStatuses) {
		for (const event of paymentEvents) {
			const to = expected[status][event];
			it(`${status} + ${event} ${to ? `leads to ${to}` : "changes nothing"}`, () => assert.equal(next(status, event), to));
		}
	}
});

describe("payment states: guards", () => {
	const closing = { closing: true, left: 1 };
	const allBack = { closing: false, left: 0 };

	for (const status of ["processing", "requires_action", "authorized"] as const) {
		it(`calls a payment that was ${status} voided when it is declined after its order ended`, () =>
			assert.equal(next(status, "provider_declined", closing), "voided"));
	}
	for (const status of ["captured", "partially_refunded"] as const) {
		it(`calls a payment that was ${status} refunded when nothing of it is left`, () =>
			assert.equal(next(status, "refund_succeeded", allBack), "refunded"));
	}
	it("believes that money was taken whatever else is true", () => {
		for (const status of ["processing", "requires_action", "authorized", "declined", "voided"] as const)
			assert.equal(next(status, "provider_captured", closing), "captured");
	});
});
