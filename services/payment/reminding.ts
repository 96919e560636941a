import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import { eachDue } from "../../mixins/batching/each-due.ts";
import { everyUnderLease, type LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import type { Payment } from "./payment.ts";
import { momentOf, type PaymentService, write } from "./payment-base.ts";
import { decideReminder } from "./reminders.ts";
import { settle } from "./settling.ts";

// Sends the reminders that are due. The event stands in the payment's outbox by the same update that moves `remindAt` on, filtered on
// the payment's version. What a second run does, on whatever node and however late:
//   before the update:    the same again
//   after it:             finds the next day's time, and nothing due
//   event not published:  the sweeper publishes it, under the same id

/** Nobody is reminded of what they paid a moment ago: the provider and the order are asked first. */
const remind = async (service: PaymentService, found: Payment): Promise<boolean> => {
	const cause = { at: clock.now() };
	const payment = found.status === "requires_action" ? await settle(service, found, { cause }) : found;
	const { _id: paymentId, orderId } = payment;
	// A cancel or the order's end may still be on its way here, above all after a standstill.
	const wanted = await service.broker.call<boolean, object>("orders.awaitsPayment", { orderId, paymentId });
	const done = await write(service, paymentId, (current) => decideReminder(current, momentOf(cause), wanted), cause);
	return done?.changed ?? false;
};

/** All reminders that are due, until none is left or the lease is lost. */
export const sendReminders = async (service: PaymentService, signal: AbortSignal): Promise<void> => {
	const where = { remindAt: { $lte: clock.now() } };
	const failures = await eachDue<Payment>({
		find: (page) => service.store.payments.find({ where, sort: [["remindAt", 1]], ...page }),
		work: (payment) => remind(service, payment),
		signal,
	});
	if (failures.length > 0)
		service.logger.warn(`${failures.length} reminders could not be sent, the next round comes; the first one:`, failures[0]);
};

export const startReminding = (service: PaymentService): LeasedJob => {
	const { reconcileEvery, leaseTimeout } = profile();
	return everyUnderLease({
		name: "payment.reminders",
		leases: service.store.leases,
		timeoutMs: leaseTimeout,
		everyMs: reconcileEvery,
		run: (signal) => sendReminders(service, signal),
		logger: service.logger,
	});
};
