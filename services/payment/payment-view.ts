import type { PaymentView } from "../../contracts/http/payments.ts";
import { moneyOf, type Payment, type PaymentSnapshot, type Refund } from "./payment.ts";
import { snapshot } from "./requests.ts";

const refundView = (payment: Payment, { id, amount, reason, status, at }: Refund): PaymentView["refunds"][number] => ({
	id,
	amount: moneyOf(payment, amount),
	...(reason !== undefined && { reason }),
	status,
	at,
});

/** The payment as it was when that request was answered. */
export const viewAsAnswered = (payment: Payment, then: PaymentSnapshot): PaymentView => ({
	id: payment._id,
	orderId: payment.orderId,
	attempt: payment.attempt,
	status: then.status,
	amount: payment.amount,
	captured: moneyOf(payment, then.captured),
	refunded: moneyOf(payment, then.refunded),
	method: payment.method,
	...(then.declineCode !== undefined && { declineCode: then.declineCode }),
	...(then.nextAction && { nextAction: then.nextAction }),
	refunds: payment.refunds
		.slice(0, then.refunds.count)
		.map((refund) => refundView(payment, then.refunds.pending.includes(refund.id) ? { ...refund, status: "pending" } : refund)),
	version: then.version,
});

export const paymentView = (payment: Payment): PaymentView => viewAsAnswered(payment, snapshot(payment));
