import type { EventDraft } from "../../contracts/events.ts";
import { planClosingRefund } from "./closing.ts";
import { withDeadline } from "./due.ts";
import { type Decision, type Moment, type NextAction, type Payment, paymentFacts, step } from "./payment.ts";
import type { PaymentEvent } from "./payment-states.ts";
import { withReminder } from "./reminders.ts";

/** How a charge stands at its provider. A charge is captured whole or not at all. */
export type Outcome = { ref?: string } & (
	| { status: "captured" | "authorized" | "voided" }
	/** Accepted, and the answer comes later. */
	| { status: "processing" }
	| { status: "requires_action"; nextAction: NextAction }
	| { status: "declined"; declineCode: string }
);

const eventOf = {
	captured: "provider_captured",
	authorized: "provider_authorized",
	requires_action: "provider_requires_action",
	declined: "provider_declined",
	voided: "provider_voided",
} as const satisfies Record<Exclude<Outcome["status"], "processing">, PaymentEvent>;

/** The members that belong to the new status; those of the old one go. */
const detailed = (payment: Payment, outcome: Outcome): Payment => {
	const { nextAction: _done, declineCode: _old, ...rest } = payment;
	return {
		...rest,
		...(outcome.status === "captured" && { captured: payment.amount.amount }),
		...(outcome.status === "requires_action" && { nextAction: outcome.nextAction }),
		...(outcome.status === "declined" && { declineCode: outcome.declineCode }),
		...(outcome.ref !== undefined && { providerRef: outcome.ref }),
	};
};

const eventsOf = (payment: Payment): EventDraft[] => {
	const subject = payment._id;
	const facts = paymentFacts(payment);
	switch (payment.status) {
		case "captured":
			return [{ type: "payment.captured", subject, data: facts }];
		case "voided":
			return [{ type: "payment.voided", subject, data: facts }];
		case "declined":
			return [{ type: "payment.declined", subject, data: { ...facts, declineCode: payment.declineCode ?? "declined" } }];
		case "requires_action":
			return payment.nextAction
				? [{ type: "payment.requires_action", subject, data: { ...facts, nextAction: payment.nextAction } }]
				: [];
		default:
			return [];
	}
};

/**
 * What a provider's word, from an answer or a webhook, makes of a payment; null if nothing. Money that nobody waits for any more
 * is promised back in the same decision: there is no moment in which it is captured and forgotten.
 */
export const decideOutcome = (payment: Payment, outcome: Outcome, moment: Moment): Decision | null => {
	if (outcome.status === "processing") return null;
	const moved = step(payment, eventOf[outcome.status], payment.provider, moment.at);
	if (!moved) return null;
	const known = detailed(moved, outcome);
	const due = withReminder(withDeadline(planClosingRefund(known, moment), moment), moment);
	return { payment: due, events: eventsOf(known) };
};
