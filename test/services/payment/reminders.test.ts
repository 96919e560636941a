import assert from "node:assert/strict";
import type { DomainEvent } from "../../../contracts/events.ts";
import { paymentStatuses } from "../../../contracts/http/orders.ts";
import { productNameOf } from "../../../contracts/product-name.ts";
import { decideClose } from "../../../services/payment/closing.ts";
import { decideOutcome } from "../../../services/payment/outcome.ts";
import type { Payment } from "../../../services/payment/payment.ts";
import { decideReminder, lastDayOverdue, withReminder } from "../../../services/payment/reminders.ts";
import { aMoment, aPayment, aPaymentThatIs, said, written } from "../../support/a-payment.ts";

const hour = 3_600_000;
const day = 24 * hour;
const dueAt = aMoment.at + 12 * hour;
const moment = (at: number) => ({ ...aMoment, at });
const told = { productName: "Chicken wing and 2 more", dueAt };
const declined = (change: Partial<Payment> = {}): Payment =>
	withReminder(aPaymentThatIs("declined", { ...told, ...change }), aMoment);

/** The reminder of a decision, if it made one. */
const reminderIn = (decision: ReturnType<typeof decideReminder>): DomainEvent<"payment.reminder_due">["data"] | undefined =>
	decision?.events[0]?.data as DomainEvent<"payment.reminder_due">["data"] | undefined; // a decision makes this event or none

describe("the reminder of a payment", () => {
	it("is when it is due, and tells what, since when and how much", () => {
		const payment = declined();
		assert.equal(payment.remindAt, dueAt);
		assert.equal(decideReminder(payment, moment(dueAt - 1), true), null);
		const decision = decideReminder(payment, moment(dueAt), true);
		assert.deepEqual(decision?.events, [
			{
				type: "payment.reminder_due",
				subject: payment._id,
				data: {
					...{ paymentId: payment._id, orderId: "order-1", attempt: 1, buyerId: "bea", sellerId: "sal" },
					...{ amount: { amount: 19_800, currency: "MYR" }, method: "sandbox_success" },
					productName: "Chicken wing and 2 more",
					dueDate: "2026-01-02T15:04:05.000Z",
					daysOverdue: 0,
					message: "Your payment of MYR 198.00 for Chicken wing and 2 more is due.",
				},
			},
		]);
	});

	it("comes again on each day overdue, at the same hour however late the one before was, and then no more", () => {
		let payment = declined();
		for (let overdue = 0; overdue <= lastDayOverdue; overdue++) {
			assert.equal(payment.remindAt, dueAt + overdue * day);
			const decision = decideReminder(payment, moment(dueAt + overdue * day + 5 * hour), true);
			assert.equal(reminderIn(decision)?.daysOverdue, overdue);
			payment = written(payment, decision);
			assert.equal(decideReminder(payment, moment(dueAt + overdue * day + 5 * hour), true), null);
		}
		assert.equal("remindAt" in payment, false);
	});

	it("names the days, and money in its currency's digits", () => {
		const messageAfter = (days: number, change: Partial<Payment> = {}) =>
			reminderIn(decideReminder(declined(change), moment(dueAt + days * day), true))?.message;
		assert.equal(messageAfter(1), "Your payment of MYR 198.00 for Chicken wing and 2 more is 1 day overdue.");
		assert.equal(messageAfter(3), "Your payment of MYR 198.00 for Chicken wing and 2 more is 3 days overdue.");
		const yen = { amount: 1_500, currency: "JPY" };
		assert.equal(messageAfter(0, { amount: yen }), "Your payment of JPY 1500 for Chicken wing and 2 more is due.");
	});

	it("is the newest alone after a long standstill, and none after the last day", () => {
		const late = decideReminder(declined(), moment(dueAt + 3 * day + hour), true);
		assert.deepEqual([late?.events.length, reminderIn(late)?.daysOverdue], [1, 3]);
		assert.equal(late?.payment.remindAt, dueAt + 4 * day);
		const tooLate = decideReminder(declined(), moment(dueAt + (lastDayOverdue + 1) * day), true);
		assert.deepEqual(tooLate?.events, []);
		assert.equal("remindAt" in (tooLate?.payment ?? {}), false);
	});

	it("is called off when the order does not wait for it", () => {
		const decision = decideReminder(declined(), moment(dueAt), false);
		assert.deepEqual(decision?.events, []);
		assert.equal("remindAt" in (decision?.payment ?? {}), false);
	});

	for (const status of paymentStatuses) {
		const reminded = status === "requires_action" || status === "declined";
		it(`is ${reminded ? "set" : "not set"} for a payment that is ${status}`, () => {
			const payment = withReminder(aPaymentThatIs(status, { ...told, remindAt: dueAt }), aMoment);
			assert.equal(payment.remindAt, reminded ? dueAt : undefined);
			const closing = { reason: "order_cancelled", by: "bea", at: "2026-01-02T03:04:05.000Z" };
			assert.equal(withReminder({ ...payment, closing }, aMoment).remindAt, undefined);
			const sent = decideReminder(aPaymentThatIs(status, { ...told, remindAt: dueAt }), moment(dueAt), true);
			assert.equal(sent?.events.length, reminded ? 1 : 0);
		});
	}

	it("is set by the provider's word and called off by the capture and by the order's end", () => {
		const begun = aPayment(told);
		for (const status of ["declined", "requires_action"] as const) {
			const waiting = written(begun, decideOutcome(begun, said(status), aMoment));
			assert.equal(waiting.remindAt, dueAt);
			assert.equal("remindAt" in written(waiting, decideOutcome(waiting, said("captured"), aMoment)), false);
			assert.equal("remindAt" in written(waiting, decideClose(waiting, { reason: "x", by: "y" }, aMoment)), false);
		}
	});

	it("is not at the moment of a decline, which the buyer hears of otherwise, but at the next of its times", () => {
		const begun = aPayment(told);
		for (const [after, expected] of [
			[0, dueAt + day],
			[2 * day + hour, dueAt + 3 * day],
			[(lastDayOverdue + 1) * day, undefined],
		] as const) {
			const waiting = written(begun, decideOutcome(begun, said("declined"), moment(dueAt + after)));
			assert.equal(waiting.remindAt, expected);
		}
	});

	it("stays where it was when a payment that waits for the buyer is declined", () => {
		const waiting = withReminder(aPaymentThatIs("requires_action", told), aMoment);
		const sent = written(waiting, decideReminder(waiting, moment(dueAt), true));
		assert.equal(written(sent, decideOutcome(sent, said("declined"), moment(dueAt + hour))).remindAt, dueAt + day);
	});

	it("is never set for a payment of which nobody told when it is due", () => {
		assert.equal("remindAt" in withReminder(aPaymentThatIs("declined"), aMoment), false);
	});
});

describe("the name of what was ordered", () => {
	it("is the first product's, and how many more there are", () => {
		assert.equal(productNameOf([{ name: "Chicken wing" }]), "Chicken wing");
		assert.equal(productNameOf([{ name: "Chicken wing" }, { name: "Satay" }]), "Chicken wing and 1 more");
		assert.equal(productNameOf([{ name: "Chicken wing" }, { name: "Satay" }, { name: "Rice" }]), "Chicken wing and 2 more");
	});
});
