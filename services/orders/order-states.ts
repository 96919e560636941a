import type { OrderAction, OrderStatus } from "../../contracts/http/orders.ts";
import { orderActions, orderStatuses } from "../../contracts/http/orders.ts";
import type { Money } from "../../contracts/money.ts";
import { defineMachine, type Refusal } from "../../mixins/state-machine/state-machine.ts";

// The life of an order. Everything that changes `status` goes through this table, late payment results too.

export const orderEvents = [...orderActions, "payment_captured", "payment_declined", "expire"] as const;
export type OrderEvent = (typeof orderEvents)[number];

/** What the guards look at: what the order waits for, and what a payment says. */
export interface OrderGuardFacts {
	/** The attempt that the order waits for. */
	attempt: number;
	total: Money;
	/** Entries in `tracking`. */
	tracked: number;
	payment?: { attempt: number; amount: Money };
}

/**
 * What people may do again and again is counted: an order and the events in its outbox are one document, which MongoDB bounds at
 * 16 MB. An order that has outgrown it could not even be cancelled or paid.
 */
export const mostAttempts = 20;
export const mostTracked = 50;

const isCurrentAttempt = ({ attempt, payment }: OrderGuardFacts): boolean => payment?.attempt === attempt;
const covers = ({ total, payment }: OrderGuardFacts): boolean =>
	payment !== undefined && payment.amount.currency === total.currency && payment.amount.amount >= total.amount;

const guards = {
	isCurrentAttempt,
	orderTotalIsCovered: (facts: OrderGuardFacts) => isCurrentAttempt(facts) && covers(facts),
	orderTotalIsShort: (facts: OrderGuardFacts) => isCurrentAttempt(facts) && !covers(facts),
	hasAttemptsLeft: ({ attempt }: OrderGuardFacts) => attempt < mostAttempts,
	hasRoomForTracking: ({ tracked }: OrderGuardFacts) => tracked < mostTracked,
};

export const orderMachine = defineMachine({
	name: "order",
	states: orderStatuses,
	initial: "placed",
	events: orderEvents,
	guards,
	transitions: [
		{ from: "placed", event: "payment_captured", to: "paid", guard: "orderTotalIsCovered" },
		// Too little or in another currency: the attempt is over, its money goes back, and the buyer may pay again.
		{ from: "placed", event: "payment_captured", to: "payment_declined", guard: "orderTotalIsShort" },
		{ from: "placed", event: "payment_declined", to: "payment_declined", guard: "isCurrentAttempt" },
		{ from: "payment_declined", event: "pay", to: "placed", guard: "hasAttemptsLeft" },
		{ from: ["placed", "payment_declined", "paid"], event: "cancel", to: "cancelled" },
		{ from: ["placed", "payment_declined"], event: "expire", to: "expired" },
		{ from: "paid", event: "ship", to: "shipped" },
		{ from: "shipped", event: "tracking", to: "shipped", guard: "hasRoomForTracking" },
		{ from: "shipped", event: "deliver", to: "delivered" },
	],
});

export type OrderRefusal = Refusal<OrderStatus, OrderEvent>;

/** In these the money of the current attempt is the seller's; in all others money that arrives goes back. */
const settled: ReadonlySet<OrderStatus> = new Set(["paid", "shipped", "delivered"]);
export const keepsMoney = (status: OrderStatus): boolean => settled.has(status);

/** In these an order has no use for the pieces that it took from stock. Nothing leads out of them, so it is given back once. */
const over: ReadonlySet<OrderStatus> = new Set(["cancelled", "expired"]);
export const givesStockBack = (status: OrderStatus): boolean => over.has(status);

const final: ReadonlySet<OrderStatus> = new Set([...over, "delivered"]);
/** Nothing leads out of it: nobody has to know any more where it goes. */
export const isFinal = (status: OrderStatus): boolean => final.has(status);

/** Why a guard refused a move, for the person who made it; undefined where the status says it all. */
export const boundOf = ({ guards: [guard] }: OrderRefusal): string | undefined => {
	if (guard === "hasAttemptsLeft") return `an order takes ${mostAttempts} attempts to pay, and these are used up`;
	if (guard === "hasRoomForTracking") return `an order takes ${mostTracked} updates of its tracking, and these are used up`;
	return undefined;
};

export type Party = "buyer" | "seller" | "admin";

const moves: Readonly<Record<Party, readonly OrderAction[]>> = {
	buyer: ["cancel", "pay"],
	seller: ["cancel", "ship", "tracking", "deliver"],
	admin: [],
};

/** Whether this role of a caller makes that move at all, whatever the status. */
export const mayMove = (parties: readonly Party[], action: OrderAction): boolean =>
	parties.some((party) => moves[party].includes(action));

/** The moves that this caller could make now. */
export const allowedActions = (status: OrderStatus, facts: OrderGuardFacts, parties: readonly Party[]): OrderAction[] => {
	const open: readonly OrderEvent[] = orderMachine.allowed(status, facts);
	return orderActions.filter((action) => open.includes(action) && mayMove(parties, action));
};
