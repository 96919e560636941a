import type { PaymentStatus } from "../../contracts/http/orders.ts";

// When an order that got no answer asks again. Events are the way results come; the question is for those that were lost,
// so it may be rare, but never so rare that an order hangs for longer than a restart takes to settle.

/** Bound for payments that answer by themselves: after a crash everything in flight is settled within 15 s. */
const longestWait = 8_000;
/** A person has to confirm: their answer comes as an event, and nobody is helped by asking often. */
const longestWaitForPerson = 300_000;

/** Delay in ms before question number `tries` + 1; `first` is the profile's answerDeadline. Doubles up to its bound. */
export const answerDelay = (first: number, tries: number, status: PaymentStatus): number =>
	Math.min(first * 2 ** Math.min(tries, 30), Math.max(first, status === "requires_action" ? longestWaitForPerson : longestWait));
