import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import { everyUnderLease, type LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import { nextLook } from "./due.ts";
import type { Payment } from "./payment.ts";
import type { PaymentService } from "./payment-base.ts";
import { settle } from "./settling.ts";
import { applyStoredWebhooks, tickProviders } from "./webhooks.mixin.ts";

// One node at a time looks after what is overdue. The lease saves work only: all that is done here can be done twice.

/**
 * The deadline moves before the question: a process that dies over a payment, or a payment that always fails, does not keep the
 * others from being asked about. Null: it was settled, or is being asked about, since it was found.
 */
const claim = async ({ store }: PaymentService, payment: Payment): Promise<Payment | null> => {
	const { _id, answerDue, answerTries } = payment;
	const now = clock.now();
	// A store may match by its index and answer a document that was claimed a moment later.
	if (answerDue === undefined || answerDue > now) return null;
	return store.payments.update(
		{ _id, answerDue, answerTries },
		{ $set: { answerDue: now + nextLook(payment, profile().answerDeadline) }, $inc: { answerTries: 1 } },
	);
};

/** Rejects if it could not be claimed. */
const lookAfter = async (service: PaymentService, found: Payment): Promise<void> => {
	const claimed = await claim(service, found);
	if (!claimed) return;
	try {
		await settle(service, claimed, { cause: { at: clock.now() } });
	} catch (error) {
		service.logger.warn(`Payment ${found._id} could not be looked after:`, error);
	}
};

const batchSize = 50;

/** All payments of which something is overdue, oldest first, until none is left or the lease is lost. Throws if they cannot be claimed. */
export const lookAfterPayments = async (service: PaymentService, signal: AbortSignal): Promise<void> => {
	for (let full = true; full && !signal.aborted; ) {
		const due = await service.store.payments.find({
			where: { answerDue: { $lte: clock.now() } },
			sort: [["answerDue", 1]],
			limit: batchSize,
		});
		const results = await Promise.allSettled(due.map((payment) => lookAfter(service, payment)));
		// A store that answers but takes no writes (a full disk) would show us the same ones again and again: the next round is soon enough.
		const unclaimed = results.find((result) => result.status === "rejected");
		if (unclaimed) throw unclaimed.reason;
		full = due.length === batchSize;
	}
};

export const startReconciler = (service: PaymentService): LeasedJob => {
	const { reconcileEvery, leaseTimeout } = profile();
	return everyUnderLease({
		name: "payment.reconciler",
		leases: service.store.leases,
		timeoutMs: leaseTimeout,
		everyMs: reconcileEvery,
		async run(signal) {
			await tickProviders(service, signal);
			await applyStoredWebhooks(service, signal);
			await lookAfterPayments(service, signal);
		},
		logger: service.logger,
	});
};
