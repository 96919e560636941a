import { clock } from "../../config/clock.ts";
import type { Cause, Mutation } from "../../mixins/store/versioned.ts";
import { dueWork, type Work } from "./due.ts";
import { decideOutcome, type Outcome } from "./outcome.ts";
import { type Decision, type Moment, moneyOf, type Payment, paymentIdOf, type Refund } from "./payment.ts";
import { momentOf, type PaymentService, providerOf, write } from "./payment-base.ts";
import { isOpen } from "./payment-states.ts";
import { ProviderUnknown } from "./provider.ts";
import { callProvider, chargeRequestOf } from "./provider-call.ts";
import { decideRefundOutcome, type RefundOutcome } from "./refunds.ts";
import { withAnswer } from "./requests.ts";

// Does what is due about one payment: asks the provider, writes what it said, and goes on with what that makes due. Everybody
// comes here: events, requests, webhooks and the reconciler, on any node, at the same time too. What a second run does:
//   before the provider was asked:   asks it
//   asked, answer lost:              asks how it stands, or again under the same key
//   answered, not written:           the same
//   written, event not published:    the event is in the payment's outbox; the sweeper publishes it

export interface SettleOptions {
	cause: Cause;
	/**
	 * What to do instead of asking how the charge stands: `charge` for a payment that this very call has just stored, of which the
	 * provider cannot have heard; `confirm` when the buyer says so.
	 */
	first?: "charge" | "confirm" | undefined;
	/** The request that waits for it: its answer is written together with the outcome. */
	answering?: { key: string; refundId?: string | undefined };
}

const now = ({ requestid, traceparent }: Cause): Cause => ({ at: clock.now(), requestid, traceparent });

/** A new attempt waits until the provider has said how the one before ended: both could take the money. */
const olderIsSettled = async (service: PaymentService, { orderId, attempt }: Payment, cause: Cause): Promise<boolean> => {
	if (attempt === 1) return true;
	const older = await service.store.payments.findById(paymentIdOf(orderId, attempt - 1));
	if (!older || !isOpen(older.status)) return true;
	return !isOpen((await settle(service, older, { cause })).status);
};

const charge = async (service: PaymentService, payment: Payment, cause: Cause): Promise<Outcome> => {
	if (!(await olderIsSettled(service, payment, cause))) throw new ProviderUnknown("an older attempt is not settled");
	return callProvider(service, payment, (provider, options) => provider.charge(chargeRequestOf(payment), options));
};

/** Old keys are never sent again: the provider may have forgotten them, and would charge a second time. */
const look = async (service: PaymentService, payment: Payment, cause: Cause): Promise<Outcome> => {
	const request = chargeRequestOf(payment);
	const found = await callProvider(service, payment, (provider, options) => provider.lookup(request, options));
	if (found) return found;
	const age = clock.now() - request.since;
	if (payment.status === "processing" && age < providerOf(service, payment).keyLife) return charge(service, payment, cause);
	service.logger.warn(`Payment ${payment._id} is ${payment.status}, but ${payment.provider} knows nothing of it`);
	throw new ProviderUnknown("the provider knows nothing of it");
};

type Task = Work | { kind: "charge" | "confirm" };

const ask = (
	service: PaymentService,
	payment: Payment,
	kind: Exclude<Task["kind"], "refund">,
	cause: Cause,
): Promise<Outcome> => {
	const request = chargeRequestOf(payment);
	switch (kind) {
		case "look":
			return look(service, payment, cause);
		case "charge":
			return charge(service, payment, cause);
		case "confirm":
			return callProvider(service, payment, (provider, options) => provider.confirm(request, options));
		case "capture":
			return callProvider(service, payment, (provider, options) => provider.capture(request, options));
		case "void":
			return callProvider(service, payment, (provider, options) => provider.void(request, options));
	}
};

const askForRefund = async (service: PaymentService, payment: Payment, refund: Refund): Promise<RefundOutcome> => {
	const amount = moneyOf(payment, refund.amount);
	const call = { key: refund.id, since: Date.parse(refund.at), charge: chargeRequestOf(payment), amount };
	const outcome = await callProvider(service, payment, (provider, options) => provider.refund(call, options));
	if (outcome.status === "failed")
		service.logger.error(`Refund ${refund.id} of payment ${payment._id} was refused by ${payment.provider}: ${outcome.code}`);
	return outcome;
};

/** Asks the provider. What comes back decides what its word makes of the payment, as it is by then. */
const askAbout = async (
	service: PaymentService,
	payment: Payment,
	task: Task,
	cause: Cause,
): Promise<(current: Payment, moment: Moment) => Decision | null> => {
	if (task.kind === "refund") {
		const outcome = await askForRefund(service, payment, task.refund);
		return (current, moment) => decideRefundOutcome(current, task.refund.id, outcome, moment);
	}
	const outcome = await ask(service, payment, task.kind, cause);
	return (current, moment) => decideOutcome(current, outcome, moment);
};

const isAnsweredBy = (task: Task, { refundId }: NonNullable<SettleOptions["answering"]>): boolean =>
	refundId === (task.kind === "refund" ? task.refund.id : undefined);

const advance = async (
	service: PaymentService,
	payment: Payment,
	task: Task,
	{ cause, answering }: SettleOptions,
): Promise<Mutation<Payment> | null> => {
	const decide = await askAbout(service, payment, task, cause);
	const written = now(cause);
	const key = answering && isAnsweredBy(task, answering) ? answering.key : undefined;
	return write(
		service,
		payment._id,
		(current) => {
			const decision = decide(current, momentOf(written));
			return decision && key !== undefined ? withAnswer(decision, key) : decision;
		},
		written,
		payment,
	);
};

/** Null when there is no more to be done here: nothing is due, nothing new was said, or somebody else was faster and goes on with it. */
const oneStep = async (service: PaymentService, payment: Payment, options: SettleOptions): Promise<Mutation<Payment> | null> => {
	const work = dueWork(payment);
	if (!work) return null;
	const task: Task = work.kind === "look" && options.first ? { kind: options.first } : work;
	try {
		return await advance(service, payment, task, options);
	} catch (error) {
		if (!(error instanceof ProviderUnknown)) throw error;
		service.logger.info(`Payment ${payment._id} stays ${payment.status}: ${error.message}`);
		return null;
	}
};

/**
 * Answers the payment as far as it could be brought. An outcome that stays unknown is no error: the payment keeps its state and
 * its deadline. Throws what the store throws.
 */
export const settle = async (service: PaymentService, payment: Payment, options: SettleOptions): Promise<Payment> => {
	let current = payment;
	for (let step = options; ; step = { ...options, first: undefined }) {
		const done = await oneStep(service, current, step);
		if (!done) return current;
		current = done.entity;
		// What has just been said need not be asked about at once: looking is for those who come later.
		if (!done.changed || dueWork(current)?.kind === "look") return current;
	}
};
