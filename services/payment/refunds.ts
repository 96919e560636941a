import type { EventDraft } from "../../contracts/events.ts";
import { planClosingRefund } from "./closing.ts";
import { withDeadline } from "./due.ts";
import { type Decision, type Moment, moneyOf, type Payment, paymentFacts, type Refund, step } from "./payment.ts";

// A refund is promised first (pending, in the payment's own document), then asked for under the promise's id, then settled.
//   died before the promise:   nothing happened
//   after it, before the ask:  the reconciler asks
//   after the ask:             it is asked again under the same id, which the provider answers with the first refund
//   after it was settled:      a second answer finds nothing pending

export type RefundOutcome = { status: "succeeded" } | { status: "pending" } | { status: "failed"; code: string };

const settled = (payment: Payment, id: string, change: Partial<Refund>): Payment => ({
	...payment,
	refunds: payment.refunds.map((refund) => (refund.id === id ? { ...refund, ...change } : refund)),
});

const refundedEvent = (payment: Payment, { id, amount, by, reason }: Refund): EventDraft => ({
	type: "payment.refunded",
	subject: payment._id,
	data: {
		...paymentFacts(payment),
		refundId: id,
		...(payment.productName !== undefined && { productName: payment.productName }),
		purchasedAt: payment.placedAt ?? payment.createdAt,
		refunded: moneyOf(payment, amount),
		refundedTotal: moneyOf(payment, payment.refunded),
		by,
		...(reason !== undefined && { reason }),
	},
});

const succeed = (payment: Payment, refund: Refund, moment: Moment): Decision => {
	const back = { ...settled(payment, refund.id, { status: "succeeded" }), refunded: payment.refunded + refund.amount };
	const moved = step(back, "refund_succeeded", refund.by, moment.at);
	// Only captured money is ever promised, and a captured payment stays one that can be refunded until all of it is.
	if (!moved) throw new Error(`payment ${payment._id} is ${payment.status} and gave money back`);
	return { payment: withDeadline(moved, moment), events: [refundedEvent(moved, refund)] };
};

/** A refusal frees the amount. If nobody waits for the money it is promised again, unless that very promise was refused. */
const fail = (payment: Payment, refund: Refund, failure: string, moment: Moment): Decision => {
	const left = settled(payment, refund.id, { status: "failed", failure });
	return { payment: withDeadline(refund.closing ? left : planClosingRefund(left, moment), moment), events: [] };
};

/** What the provider's answer to a refund makes of the payment; null if it is settled already or still pending. */
export const decideRefundOutcome = (
	payment: Payment,
	refundId: string,
	outcome: RefundOutcome,
	moment: Moment,
): Decision | null => {
	const refund = payment.refunds.find(({ id, status }) => id === refundId && status === "pending");
	if (!refund || outcome.status === "pending") return null;
	return outcome.status === "succeeded" ? succeed(payment, refund, moment) : fail(payment, refund, outcome.code, moment);
};
