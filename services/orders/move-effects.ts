import type { EventDraft } from "../../contracts/events.ts";
import { type Order, orderFacts, paymentIdOf } from "./order.ts";

// What each move writes and which event it makes, once the table has taken it.

export type Move =
	| { action: "cancel"; reason?: string | undefined }
	| { action: "pay"; paymentMethod: string }
	| { action: "ship"; carrier: string; trackingNumber: string; estimatedDelivery?: string | undefined }
	| { action: "tracking"; status: string; location?: string | undefined; estimatedDelivery?: string | undefined }
	| { action: "deliver" };

/** Leaves out what is undefined: stores and JSON disagree about it. */
export const present = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
	Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as {
		[K in keyof T]: Exclude<T[K], undefined>;
	};

export interface Effect {
	/** The order as it will be, apart from status, version and time. */
	after: Order;
	set: Record<string, unknown>;
	unset?: readonly string[];
	push?: Record<string, unknown>;
	event: (after: Order) => EventDraft;
	reason?: string | undefined;
}

const cancel = (order: Order, move: Extract<Move, { action: "cancel" }>, by: string): Effect => ({
	after: order,
	set: {},
	unset: ["answerDue", "expiresAt"],
	reason: move.reason,
	event: (after) => ({
		type: "order.cancelled",
		subject: order._id,
		data: present({ ...orderFacts(after), by, reason: move.reason }),
	}),
});

const pay = (order: Order, move: Extract<Move, { action: "pay" }>, answerDue: number): Effect => {
	const attempt = order.payment.attempt + 1;
	const payment = { id: paymentIdOf(order._id, attempt), attempt, status: "processing", method: move.paymentMethod } as const;
	return {
		after: { ...order, payment },
		set: { payment, answerDue, answerTries: 0 },
		event: (after) => ({ type: "order.payment_requested", subject: order._id, data: orderFacts(after) }),
	};
};

const ship = (order: Order, move: Extract<Move, { action: "ship" }>, at: string): Effect => {
	const { carrier, trackingNumber, estimatedDelivery } = move;
	const entry = present({ status: "shipped", estimatedDelivery, at });
	const shipment = { carrier, trackingNumber };
	return {
		after: { ...order, shipment, tracking: [...order.tracking, entry] },
		set: { shipment },
		push: { tracking: entry },
		event: (after) => ({
			type: "order.shipped",
			subject: order._id,
			data: present({ ...orderFacts(after), carrier, trackingNumber, estimatedDelivery }),
		}),
	};
};

const track = (order: Order, move: Extract<Move, { action: "tracking" }>, at: string): Effect => {
	const { status, location, estimatedDelivery } = move;
	const entry = present({ status, location, estimatedDelivery, at });
	const trackingNumber = order.shipment?.trackingNumber ?? "";
	return {
		after: { ...order, tracking: [...order.tracking, entry] },
		set: {},
		push: { tracking: entry },
		event: (after) => ({
			type: "order.tracking_updated",
			subject: order._id,
			data: present({ ...orderFacts(after), trackingNumber, status, location, estimatedDelivery }),
		}),
	};
};

const deliver = (order: Order, at: string): Effect => {
	const entry = { status: "delivered", at };
	const trackingNumber = order.shipment?.trackingNumber ?? "";
	return {
		after: { ...order, tracking: [...order.tracking, entry] },
		set: {},
		push: { tracking: entry },
		event: (after) => ({ type: "order.delivered", subject: order._id, data: { ...orderFacts(after), trackingNumber } }),
	};
};

export interface MoveContext {
	by: string;
	/** ISO 8601. */
	at: string;
	/** Epoch ms at which a new payment is asked about. */
	answerDue: number;
}

export const effectOf = (order: Order, move: Move, { by, at, answerDue }: MoveContext): Effect => {
	switch (move.action) {
		case "cancel":
			return cancel(order, move, by);
		case "pay":
			return pay(order, move, answerDue);
		case "ship":
			return ship(order, move, at);
		case "tracking":
			return track(order, move, at);
		case "deliver":
			return deliver(order, at);
	}
};
