import type { RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Decision, Payment, PaymentSnapshot, RequestRecord } from "./payment.ts";

// Requests that move a payment are done once: the key is written together with the intent, the answer together with the outcome.
// A repeat finds the answer and gives it again, or finds the intent alone and goes on with it.

/** What a request of the same key did. Throws IDEMPOTENCY_KEY_REUSED if the key came with another body or for another move. */
export const findRequest = (
	payment: Payment,
	request: RequestKey,
	action: RequestRecord["action"],
): RequestRecord | undefined => {
	const done = payment.requests.find(({ key }) => key === request.key);
	if (done && (done.hash !== request.hash || done.action !== action)) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	return done;
};

export const snapshot = (payment: Payment): PaymentSnapshot => ({
	version: payment.version,
	status: payment.status,
	captured: payment.captured,
	refunded: payment.refunded,
	...(payment.declineCode !== undefined && { declineCode: payment.declineCode }),
	...(payment.nextAction && { nextAction: payment.nextAction }),
	refunds: {
		count: payment.refunds.length,
		pending: payment.refunds.filter(({ status }) => status === "pending").map(({ id }) => id),
	},
});

/** The decision, with the payment as it will be as the answer of that request. Once given, an answer stays. */
export const withAnswer = (decision: Decision, key: string): Decision => {
	const { payment, events } = decision;
	const open = payment.requests.find((record) => record.key === key && !record.result);
	if (!open) return decision;
	const result = snapshot({ ...payment, version: payment.version + 1 });
	const requests = payment.requests.map((record) => (record === open ? { ...record, result } : record));
	return { payment: { ...payment, requests }, events };
};

/** Gives the request its answer though nothing else changes; null if it has one. */
export const decideAnswer = (payment: Payment, key: string): Decision | null => {
	const answered = withAnswer({ payment, events: [] }, key);
	return answered.payment === payment ? null : answered;
};
