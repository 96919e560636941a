import type { EventDraft, PaymentFacts } from "../../contracts/events.ts";
import type { PaymentStatus } from "../../contracts/http/orders.ts";
import { deriveId } from "../../contracts/ids.ts";
import type { Money } from "../../contracts/money.ts";
import type { Entity } from "../../mixins/store/versioned.ts";
import { type PaymentEvent, paymentMachine } from "./payment-states.ts";

export interface Refund {
	/** Also the idempotency key at the provider: the same intent never gives money back twice. */
	id: string;
	/** Minor units of the payment's currency, as all numbers here. */
	amount: number;
	reason?: string;
	/** `pending`: intended, and the provider has not answered, or not that it knows. It counts as given back. */
	status: "pending" | "succeeded" | "failed";
	/** What the provider said when it refused. */
	failure?: string;
	at: string;
	/** A user's id or "system". */
	by: string;
	/** It gives back what nobody waits for, rather than what somebody asked for. */
	closing?: true;
}

export interface HistoryEntry {
	from: PaymentStatus | null;
	to: PaymentStatus;
	event: PaymentEvent | "begin" | "close";
	by: string;
	reason?: string;
	at: string;
}

/** What a request answered: enough to show the payment again as it was then (payment-view.ts). */
export interface PaymentSnapshot {
	version: number;
	status: PaymentStatus;
	captured: number;
	refunded: number;
	declineCode?: string;
	nextAction?: NextAction;
	/** Refunds are only ever added, so a count and those that were still open are their state. */
	refunds: { count: number; pending: string[] };
}

export interface RequestRecord {
	key: string;
	hash: string;
	action: "confirm" | "refund";
	at: string;
	/** Absent until it was answered: a repeat goes on where the first one stopped. */
	result?: PaymentSnapshot;
}

export interface NextAction {
	type: string;
	url: string;
}

/** Why nobody waits for this payment's money any more. */
export interface Closing {
	reason: string;
	by: string;
	at: string;
}

/** A payment without what the store keeps about it. One per (order, attempt). */
export interface PaymentBody {
	orderId: string;
	/** From 1. */
	attempt: number;
	buyerId: string;
	sellerId: string;
	amount: Money;
	method: string;
	/** Name of the provider that it is charged by. */
	provider: string;
	status: PaymentStatus;
	captured: number;
	refunded: number;
	refunds: Refund[];
	declineCode?: string;
	nextAction?: NextAction;
	/** The provider's own name for it. */
	providerRef?: string;
	/** Once set it stays: whatever is captured from then on goes back. */
	closing?: Closing;
	history: HistoryEntry[];
	requests: RequestRecord[];
	/** Epoch ms at which the reconciler looks after it; only while something is due. */
	answerDue?: number;
	/** How often it looked in vain. */
	answerTries: number;
	/** What the buyer knows it by; absent like `placedAt` and `dueAt` where the order's side did not tell. */
	productName?: string;
	/** When the order was placed, ISO 8601. */
	placedAt?: string;
	/** Epoch ms from which it counts as overdue. Absent: nobody is reminded of it. */
	dueAt?: number;
	/** Epoch ms of the next reminder; only while the buyer has to act. */
	remindAt?: number;
}

export interface Payment extends Entity, PaymentBody {
	createdAt: string;
}

/** What decisions about payments are made with, besides the payment. */
export interface Moment {
	/** Epoch ms. */
	at: number;
	/** When the reconciler looks after what this decision leaves open, ms from `at`. */
	deadline: number;
}

/** The payment as a decision leaves it (its version still the old one) and what others hear of it. */
export interface Decision {
	payment: Payment;
	events: EventDraft[];
}

export const paymentIdOf = (orderId: string, attempt: number): string => deriveId("payment", orderId, attempt);

/** What the provider knows the charge by. One payment, one key, for ever. */
export const chargeKeyOf = ({ _id }: Pick<Payment, "_id">): string => _id;

export const iso = (at: number): string => new Date(at).toISOString();

export const moneyOf = ({ amount }: Pick<PaymentBody, "amount">, minor: number): Money => ({
	amount: minor,
	currency: amount.currency,
});

/** Refunds that were intended and not refused, done or not: this much is no longer there to give back. */
export const promised = ({ refunds }: Pick<PaymentBody, "refunds">): number =>
	refunds.filter(({ status }) => status !== "failed").reduce((sum, { amount }) => sum + amount, 0);

/** What can still be given back. */
export const refundable = (payment: Pick<PaymentBody, "captured" | "refunds">): number => payment.captured - promised(payment);

export const paymentFacts = (payment: Pick<Payment, "_id"> & PaymentBody): PaymentFacts => ({
	paymentId: payment._id,
	orderId: payment.orderId,
	attempt: payment.attempt,
	buyerId: payment.buyerId,
	sellerId: payment.sellerId,
	amount: payment.amount,
	method: payment.method,
});

/** What an order says about the payment it wants. */
export interface PaymentRequest {
	orderId: string;
	attempt: number;
	buyerId: string;
	sellerId: string;
	amount: Money;
	method: string;
	provider: string;
	productName?: string | undefined;
	placedAt?: string | undefined;
	/** Epoch ms. */
	dueAt?: number | undefined;
}

export type PaymentDraft = Pick<Payment, "_id" | "createdAt"> & PaymentBody;

const draft = (request: PaymentRequest, status: PaymentStatus, entry: Omit<HistoryEntry, "from" | "to" | "at">, at: number) => ({
	_id: paymentIdOf(request.orderId, request.attempt),
	createdAt: iso(at),
	orderId: request.orderId,
	attempt: request.attempt,
	buyerId: request.buyerId,
	sellerId: request.sellerId,
	amount: request.amount,
	method: request.method,
	provider: request.provider,
	status,
	captured: 0,
	refunded: 0,
	refunds: [],
	history: [{ from: null, to: status, ...entry, at: iso(at) }],
	requests: [],
	answerTries: 0,
	...(request.productName !== undefined && { productName: request.productName }),
	...(request.placedAt !== undefined && { placedAt: request.placedAt }),
	...(request.dueAt !== undefined && { dueAt: request.dueAt }),
});

/** A payment that is about to be charged. It is stored before the provider hears of it: whoever finds it later knows whom to ask. */
export const newPayment = (request: PaymentRequest, { at, deadline }: Moment): PaymentDraft => ({
	...draft(request, "processing", { event: "begin", by: "system" }, at),
	answerDue: at + deadline,
});

/**
 * The payment of an order that ended before its payment was known here: it stands in the place where the order's own event,
 * overtaken by the cancel, would have put one to be charged.
 */
export const newTombstone = (
	request: PaymentRequest,
	why: Pick<Closing, "reason" | "by">,
	{ at }: Moment,
): { payment: PaymentDraft; events: EventDraft[] } => {
	const payment: PaymentDraft = {
		...draft(request, "voided", { event: "close", ...why }, at),
		closing: { ...why, at: iso(at) },
	};
	return { payment, events: [{ type: "payment.voided", subject: payment._id, data: paymentFacts(payment) }] };
};

/** Takes one event through the table. Null: the table does not take it, so it is late or contradicts what is known. */
export const step = (payment: Payment, event: PaymentEvent, by: string, at: number): Payment | null => {
	const facts = { closing: payment.closing !== undefined, left: payment.captured - payment.refunded };
	const next = paymentMachine.next(payment.status, event, facts);
	if (!next.ok) return null;
	const entry: HistoryEntry = { from: payment.status, to: next.to, event, by, at: iso(at) };
	return { ...payment, status: next.to, history: [...payment.history, entry] };
};
