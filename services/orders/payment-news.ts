import type { DomainEvent, EventDraft } from "../../contracts/events.ts";
import type { OrderStatus, PaymentStatus } from "../../contracts/http/orders.ts";
import type { Money } from "../../contracts/money.ts";
import { guardFacts, type Order, type OrderChange, type OrderPayment, orderFacts } from "./order.ts";
import { keepsMoney, type OrderEvent, orderMachine } from "./order-states.ts";

// What a payment's state means for its order. News come as events and as answers to the reconciler's question, late, twice
// and in any order; the table and the attempt decide, never the arrival.

export interface PaymentNews {
	paymentId: string;
	attempt: number;
	status: PaymentStatus;
	/** What was charged, or would have been. */
	amount: Money;
	declineCode?: string | undefined;
}

export interface PaymentDecision {
	/** Null: nothing that we did not know. */
	change: OrderChange | null;
	/** This payment took money that the order does not keep: it goes back. Said again on every repeat; the refund itself is once. */
	refundUnwanted: string | null;
}

/**
 * How far a payment has come. What is shown only moves forward, so that a `captured` that arrives after its `refunded` hides nothing.
 * A capture ranks over a decline: whatever was said before, money has moved.
 */
const rank: Readonly<Record<PaymentStatus, number>> = {
	processing: 0,
	requires_action: 1,
	authorized: 2,
	declined: 3,
	voided: 3,
	captured: 4,
	partially_refunded: 5,
	refunded: 6,
};

const meaning: Readonly<Record<PaymentStatus, OrderEvent | null>> = {
	processing: null,
	requires_action: null,
	authorized: null,
	declined: "payment_declined",
	// Voided while the order still waits: this attempt will never bring money, the buyer has to try another.
	voided: "payment_declined",
	captured: "payment_captured",
	// Money that went back was there first; the capture's own event may still be on its way.
	partially_refunded: "payment_captured",
	refunded: "payment_captured",
};

/** The payment's id if it holds money that nobody waits for. */
export const unwantedMoney = ({ status, paymentId }: PaymentNews): string | null =>
	status === "captured" || status === "partially_refunded" ? paymentId : null;

const forward = (payment: OrderPayment, news: PaymentNews): OrderPayment => {
	if (rank[news.status] <= rank[payment.status]) return payment;
	const { declineCode: _outdated, ...rest } = payment;
	return { ...rest, status: news.status, ...(news.declineCode !== undefined && { declineCode: news.declineCode }) };
};

const declineCodeOf = (news: PaymentNews, event: OrderEvent): string =>
	event === "payment_captured" ? "amount_mismatch" : (news.declineCode ?? news.status);

const moved = (order: Order, news: PaymentNews, event: OrderEvent, to: OrderStatus, at: string): OrderChange => {
	const known = forward(order.payment, news);
	const payment = to === "payment_declined" ? { ...known, declineCode: declineCodeOf(news, event) } : known;
	const facts = orderFacts(order);
	const draft: EventDraft =
		to === "payment_declined"
			? {
					type: "order.payment_declined",
					subject: order._id,
					data: { ...facts, declineCode: declineCodeOf(news, event) },
				}
			: { type: "order.paid", subject: order._id, data: facts };
	return {
		set: { status: to, payment },
		unset: to === "paid" ? ["answerDue", "expiresAt"] : ["answerDue"],
		push: { history: { from: order.status, to, event, by: "payment", at } },
		events: [draft],
	};
};

const noted = (order: Order, news: PaymentNews): OrderChange | null => {
	const payment = forward(order.payment, news);
	return payment === order.payment ? null : { set: { payment } };
};

/** Pure: the same news on the order that came of it decide `change: null`. */
export const decidePayment = (order: Order, news: PaymentNews, at: string): PaymentDecision => {
	if (news.attempt !== order.payment.attempt) {
		// An attempt that the order no longer waits for changes nothing, but its money must not stay.
		return { change: null, refundUnwanted: unwantedMoney(news) };
	}
	const event = meaning[news.status];
	const step = event && orderMachine.next(order.status, event, { ...guardFacts(order), payment: news });
	const status = step?.ok ? step.to : order.status;
	const change = event && step?.ok ? moved(order, news, event, step.to, at) : noted(order, news);
	return { change, refundUnwanted: keepsMoney(status) ? null : unwantedMoney(news) };
};

export type PaymentEvent = DomainEvent<
	"payment.captured" | "payment.declined" | "payment.requires_action" | "payment.voided" | "payment.refunded"
>;

const statusOf = (event: PaymentEvent): PaymentStatus => {
	switch (event.type) {
		case "payment.captured":
			return "captured";
		case "payment.declined":
			return "declined";
		case "payment.requires_action":
			return "requires_action";
		case "payment.voided":
			return "voided";
		case "payment.refunded": {
			const { refundedTotal, amount } = event.data as DomainEvent<"payment.refunded">["data"]; // a union of names does not narrow data
			return refundedTotal.amount >= amount.amount ? "refunded" : "partially_refunded";
		}
	}
};

export const newsOf = (event: PaymentEvent): PaymentNews & { orderId: string } => {
	const { paymentId, orderId, attempt, amount } = event.data;
	const declineCode = "declineCode" in event.data ? event.data.declineCode : undefined;
	return { paymentId, orderId, attempt, amount, status: statusOf(event), declineCode };
};
