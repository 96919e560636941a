import type { Context, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Cause } from "../../mixins/store/versioned.ts";
import { decideOutcome, type Outcome } from "./outcome.ts";
import type { Payment } from "./payment.ts";
import { momentOf, type PaymentService, providerOf, routeAction, write } from "./payment-base.ts";
import type { WebhookHeaders } from "./provider.ts";
import { callProvider, chargeRequestOf } from "./provider-call.ts";
import { settle } from "./settling.ts";
import { isOrphan, newWebhook, nextTry, type StoredWebhook } from "./webhook.ts";

// What providers tell us. A webhook is stored before its 200, since a provider that got its 200 forgets it; what it says is then
// applied through the state table, where repeats and late ones change nothing. Stored, but not applied: the sweep does it.

const finish = ({ store }: PaymentService, { _id }: StoredWebhook, state: StoredWebhook["state"]): Promise<unknown> =>
	store.webhooks.update({ _id, state: "stored" }, { $set: { state }, $unset: { dueAt: true } });

/**
 * That money was taken is believed at once. That it was not is asked about: webhooks overtake each other, and a decline that an
 * earlier try earned must not hide the capture of a later one whose answer was lost.
 */
const confirmed = async (service: PaymentService, payment: Payment, said: Outcome): Promise<Outcome> => {
	if (said.status === "captured") return said;
	const known = chargeRequestOf(payment);
	const request = { ...known, ref: known.ref ?? said.ref };
	return (await callProvider(service, payment, (provider, options) => provider.lookup(request, options))) ?? said;
};

const believe = async (service: PaymentService, payment: Payment, webhook: StoredWebhook, said: Outcome, cause: Cause) => {
	await providerOf(service, payment).enterWebhook?.({ ...webhook.event, outcome: said }, chargeRequestOf(payment));
	const known = await confirmed(service, payment, said);
	return write(service, payment._id, (current) => decideOutcome(current, known, momentOf(cause)), cause, payment);
};

const apply = async (service: PaymentService, webhook: StoredWebhook, cause: Cause): Promise<void> => {
	const { event, outcome, provider } = webhook;
	if (!outcome && !webhook.asks) return;
	const payment = await service.store.payments.findById(event.paymentId);
	if (!payment || payment.provider !== provider) {
		if (isOrphan(webhook, cause.at)) await finish(service, webhook, "orphaned");
		return; // it may still come: an order's event can be slower than its provider
	}
	if (!outcome) {
		await settle(service, payment, { cause });
		return void (await finish(service, webhook, "applied"));
	}
	const written = await believe(service, payment, webhook, outcome, cause);
	await finish(service, webhook, "applied");
	if (written?.changed) await settle(service, written.entity, { cause });
};

/** Resolves once it is stored. */
const receive = async (service: PaymentService, name: string, headers: WebhookHeaders, rawBody: string): Promise<void> => {
	const provider = service.providers.get(name);
	if (!provider) throw new DomainError("NOT_FOUND");
	const at = clock.now();
	const event = provider.readWebhook(headers, rawBody, at);
	const { document } = await service.store.webhooks.create(newWebhook(name, event, at, profile().answerDeadline));
	if (document.state !== "stored") return;
	try {
		await apply(service, document, { at });
	} catch (error) {
		service.logger.warn(`Webhook ${document._id} is stored and will be applied later:`, error);
	}
};

interface WebhookParams {
	provider: string;
	rawBody: string;
	headers: WebhookHeaders;
}

async function webhook(this: PaymentService, { params }: Context<WebhookParams>): Promise<{ received: true }> {
	await receive(this, params.provider, params.headers, params.rawBody);
	return { received: true };
}

const claim = ({ store }: PaymentService, { _id, dueAt, tries }: StoredWebhook, next: number): Promise<StoredWebhook | null> =>
	store.webhooks.update({ _id, dueAt: dueAt ?? null, tries }, { $set: { dueAt: next }, $inc: { tries: 1 } });

const again = async (service: PaymentService, found: StoredWebhook): Promise<void> => {
	const at = clock.now();
	const claimed = await claim(service, found, at + nextTry(found, profile().answerDeadline));
	if (!claimed) return;
	try {
		await apply(service, claimed, { at });
	} catch (error) {
		service.logger.warn(`Webhook ${claimed._id} could not be applied, try ${claimed.tries}:`, error);
	}
};

const batchSize = 50;

/** Webhooks that were stored and not applied: the process died in between, or their payment was not there yet. */
export const applyStoredWebhooks = async (service: PaymentService, signal: AbortSignal): Promise<void> => {
	for (let full = true; full && !signal.aborted; ) {
		const due = await service.store.webhooks.find({
			where: { dueAt: { $lte: clock.now() } },
			sort: [["dueAt", 1]],
			limit: batchSize,
		});
		for (const one of due) await again(service, one);
		full = due.length === batchSize;
	}
};

/** Providers that live in this process do what has become due; what they have to say comes as webhooks all the same. */
export const tickProviders = async (service: PaymentService, signal: AbortSignal): Promise<void> => {
	for (const provider of service.providers.values()) {
		await provider.tick?.((headers, rawBody) => receive(service, provider.name, headers, rawBody), signal);
	}
};

export const webhooks: Partial<ServiceSchema> = {
	actions: {
		webhook: routeAction("webhook", webhook as never),
	},
};
