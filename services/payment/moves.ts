import type { Caller, CallMeta, RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { PaymentStatus } from "../../contracts/http/orders.ts";
import { deriveId } from "../../contracts/ids.ts";
import { requireParty, requireVersion, visibleTo } from "./access.ts";
import { withDeadline } from "./due.ts";
import { type Decision, iso, type Moment, type Payment, type Refund, type RequestRecord, refundable } from "./payment.ts";
import { holdsMoney } from "./payment-states.ts";
import { findRequest } from "./requests.ts";

// What people do to a payment: the buyer confirms it, the seller or an admin gives money back. Decided here is the intent alone;
// the provider is asked once that is written.

export interface MoveRequest {
	caller: Pick<Caller, "id" | "roles">;
	request: RequestKey;
	ifMatch?: CallMeta["ifMatch"];
	moment: Moment;
}

/**
 * What people may do again and again is counted: a payment is one document, which MongoDB bounds at 16 MB, and one that has outgrown
 * it could not even be captured.
 */
export const mostRefunds = 100;
export const mostConfirmations = 100;

const confirmations = ({ requests }: Payment): number => requests.filter(({ action }) => action === "confirm").length;

/** Moves that people could make now. */
export const allowedMoves = (payment: Payment): RequestRecord["action"][] => [
	...(mayConfirm(payment) ? (["confirm"] as const) : []),
	...(holdsMoney(payment.status) && refundable(payment) > 0 && payment.refunds.length < mostRefunds ? (["refund"] as const) : []),
];

const waitsForBuyer = ({ status, closing }: Payment): boolean => status === "requires_action" && !closing;
const mayConfirm = (payment: Payment): boolean => waitsForBuyer(payment) && confirmations(payment) < mostConfirmations;

const refuse = (payment: Payment, to: PaymentStatus, why: string, pointer?: string): never => {
	throw new DomainError("TRANSITION_REFUSED", why, {
		from: payment.status,
		to,
		allowed: allowedMoves(payment),
		...(pointer && { errors: [{ pointer, detail: why }] }),
	});
};

const recordOf = (action: RequestRecord["action"], { request, moment }: MoveRequest): RequestRecord => ({
	key: request.key,
	hash: request.hash,
	action,
	at: iso(moment.at),
});

/**
 * Who may, whether it was asked before, and whether they have seen the latest, in this order: a replay is answered whatever
 * became of the payment since. Null: it was asked before.
 */
const admit = (
	found: Payment | null,
	action: RequestRecord["action"],
	input: MoveRequest,
	...allowed: Parameters<typeof requireParty>[0]
): Payment | null => {
	const { payment, parties } = visibleTo(found, input.caller);
	if (findRequest(payment, input.request, action)) return null;
	requireParty(parties, ...allowed);
	requireVersion(payment.version, input.ifMatch);
	return payment;
};

/** Null: asked before. Throws NOT_FOUND, IDEMPOTENCY_KEY_REUSED, FORBIDDEN, VERSION_CONFLICT, TRANSITION_REFUSED. */
export const decideConfirm = (found: Payment | null, input: MoveRequest): Decision | null => {
	const payment = admit(found, "confirm", input, "buyer");
	if (!payment) return null;
	if (!waitsForBuyer(payment)) refuse(payment, "captured", `a payment that is ${payment.status} cannot be confirmed`);
	if (!mayConfirm(payment)) refuse(payment, "captured", `a payment takes ${mostConfirmations} confirmations`);
	const requests = [...payment.requests, recordOf("confirm", input)];
	// From now on the provider may know more than we do, so the reconciler looks soon and not when it would for a person.
	return { payment: { ...payment, requests, answerDue: input.moment.at + input.moment.deadline, answerTries: 0 }, events: [] };
};

export interface RefundRequest extends MoveRequest {
	/** Minor units; absent: all that is left. */
	amount?: number | undefined;
	reason?: string | undefined;
}

/** The request's key fixes the id: the same request sent again is the same refund. */
export const refundIdOf = (paymentId: string, key: string): string => deriveId("refund", paymentId, key);

/** Null: asked before. Throws NOT_FOUND, IDEMPOTENCY_KEY_REUSED, FORBIDDEN, VERSION_CONFLICT, TRANSITION_REFUSED. */
export const decideRefund = (found: Payment | null, input: RefundRequest): Decision | null => {
	const payment = admit(found, "refund", input, "seller", "admin");
	if (!payment) return null;
	const left = refundable(payment);
	const amount = input.amount ?? left;
	const to = amount < left ? "partially_refunded" : "refunded";
	if (!holdsMoney(payment.status) || left <= 0) refuse(payment, to, `there is nothing left to give back`);
	if (payment.refunds.length >= mostRefunds) refuse(payment, to, `a payment takes ${mostRefunds} refunds`);
	if (amount > left) refuse(payment, to, `only ${left} of ${payment.captured} are left to give back`, "/amount");
	const { caller, request, reason, moment } = input;
	const id = refundIdOf(payment._id, request.key);
	const refund: Refund = { id, amount, ...(reason && { reason }), status: "pending", at: iso(moment.at), by: caller.id };
	const requests = [...payment.requests, recordOf("refund", input)];
	return { payment: withDeadline({ ...payment, refunds: [...payment.refunds, refund], requests }, moment), events: [] };
};
