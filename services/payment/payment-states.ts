import { type PaymentStatus, paymentStatuses } from "../../contracts/http/orders.ts";
import { defineMachine } from "../../mixins/state-machine/state-machine.ts";

// The life of a payment. What providers say goes through this table however late, twice or contradictory it comes:
// what it does not take is a late event and changes nothing. `processing` is also what an unknown outcome is.

export const paymentEvents = [
	"provider_captured",
	"provider_authorized",
	"provider_requires_action",
	"provider_declined",
	"provider_voided",
	"refund_succeeded",
] as const;
export type PaymentEvent = (typeof paymentEvents)[number];

/** What the guards look at. */
export interface PaymentGuardFacts {
	/** Its order was cancelled or expired, or does not want the money. */
	closing: boolean;
	/** What was captured and not given back, minor units, after the refund that the event is about. */
	left: number;
}

const guards = {
	isClosing: ({ closing }: PaymentGuardFacts) => closing,
	nothingIsLeft: ({ left }: PaymentGuardFacts) => left === 0,
};

/** The provider has not said yet how it ends. */
export const openStatuses = ["processing", "requires_action", "authorized"] as const satisfies readonly PaymentStatus[];

export const paymentMachine = defineMachine({
	name: "payment",
	states: paymentStatuses,
	// A cancel that overtakes its order leaves a voided one for the order to find.
	initial: ["processing", "voided"],
	events: paymentEvents,
	guards,
	transitions: [
		// Whatever was said before: money was taken, and only a payment that knows it can give it back.
		{ from: [...openStatuses, "declined", "voided"], event: "provider_captured", to: "captured" },
		{ from: ["processing", "requires_action"], event: "provider_authorized", to: "authorized" },
		{ from: "processing", event: "provider_requires_action", to: "requires_action" },
		// Of an order that is gone nobody hears "declined, pay with something else".
		{ from: openStatuses, event: "provider_declined", to: "voided", guard: "isClosing" },
		{ from: openStatuses, event: "provider_declined", to: "declined" },
		{ from: openStatuses, event: "provider_voided", to: "voided" },
		{ from: ["captured", "partially_refunded"], event: "refund_succeeded", to: "refunded", guard: "nothingIsLeft" },
		{ from: ["captured", "partially_refunded"], event: "refund_succeeded", to: "partially_refunded" },
	],
});

const open: ReadonlySet<PaymentStatus> = new Set(openStatuses);
export const isOpen = (status: PaymentStatus): boolean => open.has(status);

/** There is money of the buyer's that can go back. */
export const holdsMoney = (status: PaymentStatus): boolean => status === "captured" || status === "partially_refunded";
