import type { EventDraft } from "../../contracts/events.ts";
import type { PaymentStatus } from "../../contracts/http/orders.ts";
import { exponentOf, type Money } from "../../contracts/money.ts";
import { type Decision, iso, type Moment, type Payment, paymentFacts } from "./payment.ts";

// When the buyer is reminded of a payment: at its due date, and once a day from then on, while it waits for them. The times are fixed by
// the due date alone, so it does not matter when, how late or how often somebody looks.

const day = 86_400_000;
/** On the last of these days overdue the last reminder is sent: who did not pay by then will not. */
export const lastDayOverdue = 7;

/** In these it is the buyer who has to act. An unknown outcome reminds nobody: they may have paid. */
export const unpaidStatuses = ["requires_action", "declined"] as const satisfies readonly PaymentStatus[];

const awaitsBuyer = ({ status, closing }: Payment): boolean =>
	closing === undefined && unpaidStatuses.some((unpaid) => unpaid === status);

/** Full days since the due date; negative before it. */
export const daysOverdue = (dueAt: number, now: number): number => Math.floor((now - dueAt) / day);

const nextAfter = (dueAt: number, now: number): number | undefined => {
	const next = Math.max(0, daysOverdue(dueAt, now) + 1);
	return next <= lastDayOverdue ? dueAt + next * day : undefined;
};

const reminding = (payment: Payment, remindAt: number | undefined): Payment => {
	const { remindAt: _old, ...rest } = payment;
	return remindAt === undefined ? rest : { ...rest, remindAt };
};

/**
 * The payment with the reminder that its state calls for. One that has just been declined gets its first at the next of its
 * times: of the decline itself the buyer hears otherwise.
 */
export const withReminder = (payment: Payment, { at }: Moment): Payment => {
	if (payment.dueAt === undefined || !awaitsBuyer(payment)) return reminding(payment, undefined);
	return reminding(payment, payment.remindAt ?? nextAfter(payment.dueAt, at));
};

const textOf = ({ amount, currency }: Money): string => {
	const exponent = exponentOf(currency);
	return `${currency} ${(amount / 10 ** exponent).toFixed(exponent)}`;
};

const messageOf = (payment: Payment, overdue: number): string => {
	const what = `${textOf(payment.amount)} for ${payment.productName ?? "your order"}`;
	if (overdue === 0) return `Your payment of ${what} is due.`;
	return `Your payment of ${what} is ${overdue === 1 ? "1 day" : `${overdue} days`} overdue.`;
};

const reminderOf = (payment: Payment, dueAt: number, overdue: number): EventDraft => ({
	type: "payment.reminder_due",
	subject: payment._id,
	data: {
		...paymentFacts(payment),
		productName: payment.productName ?? "",
		dueDate: iso(dueAt),
		daysOverdue: overdue,
		message: messageOf(payment, overdue),
	},
});

/**
 * One reminder, of today, and the time of the next in the same decision; those that were missed are not made up for. `wanted`: its order
 * still waits for this payment. Null: nothing is due (any more).
 */
export const decideReminder = (payment: Payment, { at }: Moment, wanted: boolean): Decision | null => {
	const { dueAt, remindAt } = payment;
	if (dueAt === undefined || remindAt === undefined || remindAt > at) return null;
	if (!wanted || !awaitsBuyer(payment)) return { payment: reminding(payment, undefined), events: [] };
	const overdue = daysOverdue(dueAt, at);
	const events = overdue <= lastDayOverdue ? [reminderOf(payment, dueAt, overdue)] : [];
	return { payment: reminding(payment, nextAfter(dueAt, at)), events };
};
