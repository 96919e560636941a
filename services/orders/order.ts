import type { Caller } from "../../contracts/call.ts";
import type { OrderFacts, OrderLine } from "../../contracts/events.ts";
import type { Delivery, OrderAction, OrderStatus, PaymentStatus } from "../../contracts/http/orders.ts";
import { deriveId } from "../../contracts/ids.ts";
import type { Money } from "../../contracts/money.ts";
import type { Change, Entity } from "../../mixins/store/versioned.ts";
import type { OrderEvent, OrderGuardFacts, Party } from "./order-states.ts";
import type { Reservation } from "./stock.ts";

export interface OrderTotals {
	goods: Money;
	delivery: Money;
	total: Money;
}

/** The payment that the order waits for or was settled by: never an older attempt. */
export interface OrderPayment {
	id: string;
	/** From 1; a payment is keyed (order, attempt). */
	attempt: number;
	status: PaymentStatus;
	method: string;
	declineCode?: string;
}

export interface TrackingEntry {
	status: string;
	location?: string;
	estimatedDelivery?: string;
	at: string;
}

export interface HistoryEntry {
	from: OrderStatus | null;
	to: OrderStatus;
	event: OrderEvent | "place";
	/** A user's id, "payment" or "system". */
	by: string;
	reason?: string;
	at: string;
}

/** What a move answered: enough to show the order again as it was then (views.ts). */
export interface MoveResult {
	version: number;
	status: OrderStatus;
	payment: OrderPayment;
	/** How many tracking entries there were: they are only ever added, so the count is the state. */
	tracked: number;
	shipped: boolean;
	updatedAt: string;
}

export interface MoveRecord {
	key: string;
	hash: string;
	action: OrderAction;
	result: MoveResult;
	at: string;
}

/** An order without what the store keeps about it. */
export interface OrderBody {
	/** Counts orders from 1 without gaps; `code` is how people write it. */
	number: number;
	code: string;
	/** Unique and ascending with time: lists are ordered and continued by it. */
	sortKey: string;
	buyerId: string;
	sellerId: string;
	items: OrderLine[];
	totals: OrderTotals;
	delivery?: Delivery;
	status: OrderStatus;
	payment: OrderPayment;
	/** Of attempt 1, for the answer to a repeated request. */
	firstMethod: string;
	shipment?: { carrier: string; trackingNumber: string };
	tracking: TrackingEntry[];
	history: HistoryEntry[];
	requests: MoveRecord[];
	/** What it took from stock; absent if nothing that it contains is counted. */
	reservation?: Reservation;
	/** Epoch ms: it is over, and its pieces are not known to be back in stock yet. */
	stockDue?: number;
	/** Epoch ms at which the payment is asked about; only while an answer is due. */
	answerDue?: number;
	/** How often it was asked about in vain. */
	answerTries: number;
	/** Epoch ms: when it was over; only while it still says where it went. */
	overAt?: number;
	/** Epoch ms at which it ends if it is not paid by then; paying again does not move it. Only while it can end so. */
	expiresAt?: number;
}

export interface Order extends Entity, OrderBody {
	createdAt: string;
	/** The request that made it. */
	request?: { key: string; hash: string };
	/** It never came to be and never will: this document only keeps its id taken. It has no other field of an order. */
	tombstone?: true;
}

/** For all but those who write orders, a tombstone is not there. */
export const isTombstone = (order: Order): boolean => order.tombstone === true;

/** The ids that a request's key fixes for its order: the next one when those before were burnt by tombstones. */
export const orderIdOf = (key: string, turn = 1): string => (turn === 1 ? deriveId("order", key) : deriveId("order", key, turn));

/** What a decision does to an order, in one update together with its events. */
export type OrderChange = Pick<Change, "set" | "unset" | "push" | "events">;

export const orderCode = (number: number): string => `O${String(number).padStart(8, "0")}`;
export const paymentIdOf = (orderId: string, attempt: number): string => deriveId("payment", orderId, attempt);
/** The number decides between orders of the same millisecond. */
export const sortKeyOf = (createdAt: string, number: number): string => `${createdAt}_${String(number).padStart(12, "0")}`;

export const guardFacts = (order: OrderBody): OrderGuardFacts => ({
	attempt: order.payment.attempt,
	total: order.totals.total,
	tracked: order.tracking.length,
});

/** What the caller is to this order; empty for strangers. Buyer and seller may be the same person. */
export const partiesOf = (order: OrderBody, caller: Pick<Caller, "id" | "roles">): Party[] => [
	...(order.buyerId === caller.id ? (["buyer"] as const) : []),
	...(order.sellerId === caller.id ? (["seller"] as const) : []),
	...(caller.roles.includes("admin") ? (["admin"] as const) : []),
];

/** What every event about the order tells. */
export const orderFacts = (order: Pick<Order, "_id" | "createdAt"> & OrderBody): OrderFacts => ({
	orderId: order._id,
	code: order.code,
	buyerId: order.buyerId,
	sellerId: order.sellerId,
	items: order.items,
	total: order.totals.total,
	attempt: order.payment.attempt,
	paymentId: order.payment.id,
	paymentMethod: order.payment.method,
	createdAt: order.createdAt,
});

export interface Placement {
	id: string;
	number: number;
	buyerId: string;
	sellerId: string;
	items: OrderLine[];
	totals: OrderTotals;
	delivery?: Delivery | undefined;
	paymentMethod: string;
	reservation?: Reservation | undefined;
	/** ISO 8601. */
	at: string;
	/** Epoch ms. */
	answerDue: number;
	/** Epoch ms. */
	expiresAt: number;
}

/** A new order, waiting for its first payment. */
export const newOrder = (placement: Placement): OrderBody => ({
	number: placement.number,
	code: orderCode(placement.number),
	sortKey: sortKeyOf(placement.at, placement.number),
	buyerId: placement.buyerId,
	sellerId: placement.sellerId,
	items: placement.items,
	totals: placement.totals,
	...(placement.delivery && { delivery: placement.delivery }),
	...(placement.reservation && { reservation: placement.reservation }),
	status: "placed",
	payment: { id: paymentIdOf(placement.id, 1), attempt: 1, status: "processing", method: placement.paymentMethod },
	firstMethod: placement.paymentMethod,
	tracking: [],
	history: [{ from: null, to: "placed", event: "place", by: placement.buyerId, at: placement.at }],
	requests: [],
	answerDue: placement.answerDue,
	answerTries: 0,
	expiresAt: placement.expiresAt,
});
