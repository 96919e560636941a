import type Stripe from "stripe";
import { clock } from "../../config/clock.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Outcome } from "./outcome.ts";
import {
	type ChargeRequest,
	type Provider,
	type ProviderEvent,
	ProviderUnknown,
	type RefundCall,
	type WebhookHeaders,
} from "./provider.ts";
import type { RefundOutcome } from "./refunds.ts";
import { stripeAmount, stripeCurrency } from "./stripe-amount.ts";
import { type Answer, asked, type Refusal } from "./stripe-client.ts";
import { declineCodeOf, intentOutcome, refundOutcome, refusalCodeOf } from "./stripe-outcome.ts";
import { readStripeWebhook, stripeSignatureHeader } from "./stripe-webhook.ts";
import { isSigned } from "./webhook-signature.ts";

// Payments by Stripe: one PaymentIntent a payment, made and confirmed in one request under the payment's own key.
//   answer lost, key alive:   the same request again; Stripe gives the first answer, and we ask how that intent stands now
//   answer lost, key gone:    never sent again, but searched for by the payment's id in the intent's metadata
//   the intent is known:      asked about by its own id

export const stripeName = "stripe";

export interface StripeOptions {
	stripe: Stripe;
	/** Signing secrets of the webhook endpoint, `whsec_…`. */
	secrets: readonly string[];
	/** Where Stripe sends the buyer after a step of theirs. */
	returnUrl: string;
	/** The key is one for real money. */
	live: boolean;
	/** See Provider. */
	patience?: number;
}

const hour = 3_600_000;
const methodForm = /^pm_[A-Za-z0-9_]{1,61}$/;
/** A payment method's id; all else is refused before Stripe hears of it. */
export const isStripeMethod = (method: string): boolean => methodForm.test(method);

const declined = (declineCode: string, ref?: string): Outcome => ({ status: "declined", declineCode, ...(ref && { ref }) });

const isAboutMoney = ({ kind, code, param }: Refusal): boolean =>
	kind === "invalid" && (param === "amount" || param === "currency" || /^amount_too_/.test(code ?? ""));

const metadataOf = ({ paymentId, orderId }: ChargeRequest): Record<string, string> => ({ paymentId, orderId });

export class StripeProvider implements Provider {
	readonly name = stripeName;
	// Stripe forgets keys when they are at least 24 hours old.
	readonly keyLife = 23 * hour;
	readonly patience: number;
	readonly #stripe: Stripe;
	readonly #options: Omit<StripeOptions, "stripe">;

	constructor({ stripe, ...options }: StripeOptions) {
		this.#stripe = stripe;
		this.#options = options;
		// Banks take their time; cut off too early, most charges would have to be asked about.
		this.patience = options.patience ?? 8_000;
	}

	async charge(request: ChargeRequest): Promise<Outcome> {
		const amount = stripeAmount(request.amount);
		if (amount === null) return declined("amount_not_supported");
		if (!isStripeMethod(request.method)) return declined("unsupported_method");
		const { value, refusal, replayed } = await this.#create(request, amount);
		const intent = value ?? refusal.intent;
		if (intent) return this.#outcome(request, replayed ? await this.#retrieve(intent.id) : intent);
		if (refusal?.kind === "blocked") return this.#mustFind(request);
		return declined(
			refusal?.kind === "declined"
				? declineCodeOf(refusal.code, refusal.declineCode)
				: refusalCodeOf(refusal?.code, refusal?.param),
		);
	}

	/** While the key lives, the same `charge` again is how Stripe wants to be asked; after that there is the search. */
	async lookup(request: ChargeRequest): Promise<Outcome | null> {
		if (request.ref !== undefined) return this.#outcome(request, await this.#retrieve(request.ref));
		if (this.#keyLives(request.since)) return null;
		const found = await this.#search(request);
		return found && this.#outcome(request, found);
	}

	/** Stripe learns from the bank what the buyer did; only an intent that says so has to be confirmed by us. */
	async confirm(request: ChargeRequest): Promise<Outcome> {
		return this.#moved(request, "requires_confirmation", (id) => this.#stripe.paymentIntents.confirm(id));
	}

	async capture(request: ChargeRequest): Promise<Outcome> {
		return this.#moved(request, "requires_capture", (id) => this.#stripe.paymentIntents.capture(id));
	}

	async void(request: ChargeRequest): Promise<Outcome> {
		const amount = stripeAmount(request.amount);
		if (request.ref === undefined && (amount === null || !isStripeMethod(request.method))) return { status: "voided" }; // never sent
		const id = request.ref ?? (await this.#intentToVoid(request, amount ?? 0));
		if (id === null) return { status: "voided" };
		const { value } = await asked(() => this.#stripe.paymentIntents.cancel(id));
		// Refused: it was captured, or cancelled, before.
		const outcome = this.#outcome(request, value ?? (await this.#retrieve(id)));
		if (outcome.status === "voided" || outcome.status === "captured" || outcome.status === "declined") return outcome;
		throw new ProviderUnknown(`the intent of ${request.key} is ${outcome.status} and cannot be cancelled yet`);
	}

	async refund(call: RefundCall): Promise<RefundOutcome> {
		const { charge, amount, key, since } = call;
		const value = stripeAmount(amount);
		if (value === null) return { status: "failed", code: "amount_not_supported" };
		const intent = charge.ref ?? (await this.#search(charge))?.id;
		if (intent === undefined) throw new ProviderUnknown(`the intent of ${charge.key} was not found`);
		// A refund may be pending for days, and Stripe forgets its key meanwhile: the same request would give the money back again.
		const found = this.#keyLives(since) ? null : await this.#findRefund(intent, key);
		if (found) return refundOutcome(found);
		const answer = await asked(() =>
			this.#stripe.refunds.create(
				{ payment_intent: intent, amount: value, metadata: { ...metadataOf(charge), refundId: key } },
				{ idempotencyKey: key },
			),
		);
		return this.#refundAnswer(answer, intent, key);
	}

	readWebhook(headers: WebhookHeaders, rawBody: string, now: number): ProviderEvent {
		if (!isSigned(this.#options.secrets, headers[stripeSignatureHeader], rawBody, now)) throw new DomainError("BAD_SIGNATURE");
		return readStripeWebhook(rawBody, this.#options.live);
	}

	#keyLives(since: number): boolean {
		return clock.now() - since < this.keyLife;
	}

	#create(request: ChargeRequest, amount: number): Promise<Answer<Stripe.PaymentIntent>> {
		return asked(() =>
			this.#stripe.paymentIntents.create(
				{
					amount,
					currency: stripeCurrency(request.amount),
					payment_method: request.method,
					confirm: true,
					capture_method: "automatic",
					automatic_payment_methods: { enabled: true },
					return_url: this.#options.returnUrl,
					metadata: metadataOf(request),
				},
				{ idempotencyKey: request.key },
			),
		);
	}

	/**
	 * The intent to cancel; null if there is none and will be none. An intent that takes no money uses up the key: a `charge` that is
	 * still on its way is refused after it. If the key is used up already, it was by that charge, or by an earlier call of this.
	 */
	async #intentToVoid(request: ChargeRequest, amount: number): Promise<string | null> {
		if (!this.#keyLives(request.since)) return (await this.#search(request))?.id ?? null;
		const { value, refusal } = await asked(() =>
			this.#stripe.paymentIntents.create(
				{ amount, currency: stripeCurrency(request.amount), metadata: metadataOf(request) },
				{ idempotencyKey: request.key },
			),
		);
		if (value) return value.id;
		if (refusal.kind === "blocked") return this.#intentOfCharge(request, amount);
		// An amount that Stripe does not take without a method, it does not take with one either.
		if (isAboutMoney(refusal)) return null;
		throw new ProviderUnknown(`the key ${request.key} could not be used up (${refusal.kind} ${refusal.code ?? ""})`);
	}

	/** A replay: the key is known to be used. Should it charge all the same, that is seen and given back. */
	async #intentOfCharge(request: ChargeRequest, amount: number): Promise<string> {
		const { value, refusal } = await this.#create(request, amount);
		const id = value?.id ?? refusal?.intent?.id ?? (await this.#search(request))?.id;
		if (id === undefined) throw new ProviderUnknown(`the intent of ${request.key} was not found`);
		return id;
	}

	async #moved(
		request: ChargeRequest,
		from: Stripe.PaymentIntent["status"],
		move: (id: string) => Promise<Stripe.Response<Stripe.PaymentIntent>>,
	): Promise<Outcome> {
		const id = request.ref ?? (await this.#search(request))?.id;
		if (id === undefined) throw new ProviderUnknown(`the intent of ${request.key} was not found`);
		const intent = await this.#retrieve(id);
		if (intent.status !== from) return this.#outcome(request, intent);
		const { value } = await asked(() => move(id));
		return this.#outcome(request, value ?? (await this.#retrieve(id)));
	}

	/** Missing although we know its name: the key is of another account or mode. What is there must not be guessed. */
	async #retrieve(id: string): Promise<Stripe.PaymentIntent> {
		const { value, refusal } = await asked(() => this.#stripe.paymentIntents.retrieve(id));
		if (value) return value;
		throw new Error(`Stripe does not show us ${id} (${refusal.kind} ${refusal.code ?? ""}): is the key one of the same account?`);
	}

	/** Stripe's index is behind by up to a minute: that nothing is found now proves nothing about what was just sent. */
	async #search({ paymentId }: ChargeRequest): Promise<Stripe.PaymentIntent | null> {
		const { value, refusal } = await asked(() =>
			this.#stripe.paymentIntents.search({ query: `metadata['paymentId']:'${paymentId}'`, limit: 10 }),
		);
		if (refusal) throw new Error(`Stripe does not search (${refusal.kind} ${refusal.code ?? ""})`);
		const [first] = value.data;
		return first ? this.#retrieve(first.id) : null;
	}

	async #mustFind(request: ChargeRequest): Promise<Outcome> {
		const found = await this.#search(request);
		if (!found) throw new ProviderUnknown(`the key ${request.key} is used up, and its intent not found yet`);
		return this.#outcome(request, found);
	}

	#outcome({ key, amount }: ChargeRequest, intent: Stripe.PaymentIntent): Outcome {
		if (intent.amount !== stripeAmount(amount) || intent.currency !== stripeCurrency(amount))
			throw new Error(`${intent.id} is over ${intent.amount} ${intent.currency}, which is not what ${key} is over`);
		const outcome = intentOutcome(intent);
		if (!outcome) throw new ProviderUnknown(`${intent.id} asks the buyer for a step that has no address`);
		return outcome;
	}

	async #findRefund(intent: string, key: string): Promise<Stripe.Refund | null> {
		for (let after: string | undefined; ; ) {
			const page = await asked(() =>
				this.#stripe.refunds.list({ payment_intent: intent, limit: 100, ...(after && { starting_after: after }) }),
			);
			if (page.refusal)
				throw new Error(`Stripe does not list the refunds of ${intent} (${page.refusal.code ?? page.refusal.kind})`);
			const { data, has_more } = page.value;
			const found = data.find(({ metadata }) => metadata?.refundId === key);
			if (found || !has_more) return found ?? null;
			after = data.at(-1)?.id;
		}
	}

	async #refundAnswer({ value, refusal, replayed }: Answer<Stripe.Refund>, intent: string, key: string): Promise<RefundOutcome> {
		if (value) return refundOutcome(replayed ? await this.#refundNow(value.id) : value);
		if (refusal.kind === "blocked") {
			const found = await this.#findRefund(intent, key);
			if (found) return refundOutcome(found);
		}
		return this.#refundRefused(refusal, key);
	}

	#refundRefused({ kind, code }: Refusal, key: string): RefundOutcome {
		if (kind === "invalid" || kind === "declined") return { status: "failed", code: code ?? "provider_refused" };
		throw new ProviderUnknown(`refund ${key}: ${kind} ${code ?? ""}`);
	}

	async #refundNow(id: string): Promise<Stripe.Refund> {
		const { value, refusal } = await asked(() => this.#stripe.refunds.retrieve(id));
		if (value) return value;
		throw new Error(`Stripe does not show us ${id} (${refusal.kind} ${refusal.code ?? ""})`);
	}
}
