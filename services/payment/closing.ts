import { deriveId } from "../../contracts/ids.ts";
import { withDeadline } from "./due.ts";
import { type Closing, type Decision, iso, type Moment, type Payment, type Refund, refundable } from "./payment.ts";
import { holdsMoney } from "./payment-states.ts";
import { withReminder } from "./reminders.ts";

// Nobody waits for this payment's money any more: its order was cancelled, has expired, or is paid for otherwise. The mark is set
// whatever the payment's state, so that what turns out to be captured later goes back too.

/**
 * Promises back all that is left of a closing payment. Its id is fixed by how many such promises there were: a second run finds
 * the first one's.
 */
export const planClosingRefund = (payment: Payment, { at }: Moment): Payment => {
	const { closing, refunds } = payment;
	const amount = refundable(payment);
	if (!closing || !holdsMoney(payment.status) || amount <= 0) return payment;
	const before = refunds.filter((refund) => refund.closing).length;
	const refund: Refund = {
		id: deriveId("refund", payment._id, "closing", before),
		...{ amount, reason: closing.reason, status: "pending", at: iso(at), by: closing.by, closing: true },
	};
	return { ...payment, refunds: [...refunds, refund] };
};

/** Null: it is closing already, or all its money went back. */
export const decideClose = (payment: Payment, why: Pick<Closing, "reason" | "by">, moment: Moment): Decision | null => {
	if (payment.closing || payment.status === "refunded") return null;
	const closing = { ...why, at: iso(moment.at) };
	const closed = planClosingRefund({ ...payment, closing }, moment);
	return { payment: withReminder(withDeadline(closed, moment), moment), events: [] };
};
