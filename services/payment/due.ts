import type { Moment, Payment, Refund } from "./payment.ts";
import { isOpen } from "./payment-states.ts";

// What is left to do about a payment, read off the payment alone: so whoever finds it after a crash goes on where the dead one was.

export type Work =
	/** Ask the provider how it stands. */
	| { kind: "look" }
	/** See to it that no money is taken, now or later. */
	| { kind: "void" }
	/** Take what was authorised. */
	| { kind: "capture" }
	| { kind: "refund"; refund: Refund };

export const dueWork = (payment: Payment): Work | null => {
	const refund = payment.refunds.find(({ status }) => status === "pending");
	if (refund) return { kind: "refund", refund };
	if (!isOpen(payment.status)) return null;
	if (payment.closing) return { kind: "void" };
	return { kind: payment.status === "authorized" ? "capture" : "look" };
};

/** After a crash everything in flight is settled within 15 s. */
const longestWait = 8_000;
/** The buyer has to act; the provider tells when they did, and nobody is helped by asking often. */
const longestWaitForPerson = 60_000;
/** Not found within so many questions, it was no crash of ours: the provider is away or is looking into it. */
const patientAfter = 30;
const longestPatientWait = 300_000;

const boundFor = (payment: Payment): number => {
	if (payment.status === "requires_action" && !payment.closing) return longestWaitForPerson;
	return payment.answerTries > patientAfter ? longestPatientWait : longestWait;
};

/** Delay in ms before the reconciler looks again, doubling up to a bound. `first` is the profile's answerDeadline. */
export const nextLook = (payment: Payment, first: number): number =>
	Math.min(first * 2 ** Math.min(payment.answerTries + 1, 30), Math.max(first, boundFor(payment)));

const without = <K extends keyof Payment>(payment: Payment, field: K): Omit<Payment, K> => {
	const { [field]: _gone, ...rest } = payment;
	return rest;
};

/** The payment with the deadline that its state calls for: none when nothing is due. */
export const withDeadline = (payment: Payment, { at, deadline }: Moment): Payment => {
	const rest: Payment = { ...without(payment, "answerDue"), answerTries: 0 };
	const work = dueWork(rest);
	if (!work) return rest;
	const waitsForPerson = work.kind === "look" && payment.status === "requires_action";
	return { ...rest, answerDue: at + (waitsForPerson ? Math.max(deadline, longestWaitForPerson) : deadline) };
};
