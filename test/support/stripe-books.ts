import { randomBytes } from "node:crypto";

// What Stripe keeps, as far as Souk asks for it: payment intents, their charges and refunds, and the events that tell of them.
// Test methods have the names that Stripe's own have: https://docs.stripe.com/testing

export type Params = { readonly [name: string]: string | Params | undefined };

export interface StripeIntent {
	id: string;
	object: "payment_intent";
	amount: number;
	amount_received: number;
	capture_method: string;
	created: number;
	currency: string;
	last_payment_error: { type: "card_error"; code: string; decline_code?: string; message: string } | null;
	latest_charge: string | null;
	livemode: boolean;
	metadata: Params;
	next_action: { type: string; [name: string]: unknown } | null;
	payment_method: string | null;
	status: string;
}

export interface StripeRefund {
	id: string;
	object: "refund";
	amount: number;
	currency: string;
	created: number;
	failure_reason?: string;
	metadata: Params;
	payment_intent: string;
	status: string;
}

export interface StripeEvent {
	id: string;
	object: "event";
	type: string;
	livemode: boolean;
	created: number;
	data: { object: object };
}

/** `saved`: Stripe had begun when it refused, so that its key repeats the refusal. */
export class StripeRefused extends Error {
	readonly status: number;
	readonly error: Readonly<Record<string, unknown>>;
	readonly saved: boolean;
	constructor(status: number, error: Readonly<Record<string, unknown>>, saved = false) {
		super(`HTTP ${status} ${JSON.stringify(error)}`);
		this.status = status;
		this.error = error;
		this.saved = saved;
	}
}

const id = (prefix: string): string => `${prefix}_${randomBytes(12).toString("hex")}`;
const now = (): number => Math.floor(Date.now() / 1000);
const invalid = (code: string, param?: string, status = 400, saved = false): StripeRefused =>
	new StripeRefused(
		status,
		{ type: "invalid_request_error", code, ...(param && { param }), message: `${code} ${param ?? ""}` },
		saved,
	);

const known = {
	create: [
		...["amount", "currency", "payment_method", "confirm", "capture_method", "automatic_payment_methods", "return_url"],
		"metadata",
	],
	refund: ["payment_intent", "amount", "metadata"],
} as const;

const demandKnown = (params: Params, names: readonly string[]): void => {
	const unknown = Object.keys(params).find((name) => !names.includes(name));
	if (unknown) throw invalid("parameter_unknown", unknown);
};

const wholeOf = (params: Params, name: string): number => {
	const text = params[name];
	if (typeof text !== "string" || !/^\d+$/.test(text)) throw invalid("parameter_invalid_integer", name);
	return Number(text);
};

const declines: Readonly<Record<string, readonly [code: string, declineCode?: string]>> = {
	pm_card_visa_chargeDeclined: ["card_declined", "generic_decline"],
	pm_card_visa_chargeDeclinedInsufficientFunds: ["card_declined", "insufficient_funds"],
	pm_card_visa_chargeDeclinedStolenCard: ["card_declined", "stolen_card"],
	pm_card_chargeDeclinedExpiredCard: ["expired_card"],
	pm_card_chargeDeclinedIncorrectCvc: ["incorrect_cvc"],
};
const methods: ReadonlySet<string> = new Set([
	...["pm_card_visa", "pm_card_authenticationRequired", "pm_sepaDebit", "pm_card_manual", "pm_card_sdkOnly"],
	...Object.keys(declines),
]);
const currencies: ReadonlySet<string> = new Set(["myr", "usd", "eur", "jpy", "kwd", "isk", "mga"]);

export class StripeBooks {
	readonly intents = new Map<string, StripeIntent>();
	readonly refunds = new Map<string, StripeRefund>();
	/** In the order in which things happened. */
	readonly events: StripeEvent[] = [];
	/** Refunds wait until `settleRefund`. */
	slowRefunds = false;
	/** The search index has seen nothing yet. */
	indexBehind = false;

	create(params: Params): StripeIntent {
		demandKnown(params, known.create);
		const amount = wholeOf(params, "amount");
		if (amount < 50 && params.currency !== "jpy") throw invalid("amount_too_small", "amount");
		if (amount > 99_999_999) throw invalid("amount_too_large", "amount");
		const currency = String(params.currency);
		if (!currencies.has(currency)) throw invalid("", "currency");
		const method = params.payment_method;
		if (method !== undefined && !methods.has(String(method))) throw invalid("resource_missing", "payment_method");
		if (params.confirm === "true" && params.return_url === undefined) throw invalid("parameter_missing", "return_url");
		const intent: StripeIntent = {
			...{ id: id("pi"), object: "payment_intent", amount, amount_received: 0, currency, created: now(), livemode: false },
			capture_method: String(params.capture_method ?? "automatic_async"),
			...{ last_payment_error: null, latest_charge: null, next_action: null },
			metadata: (params.metadata ?? {}) as Params,
			payment_method: method === undefined ? null : String(method),
			status: method === undefined ? "requires_payment_method" : "requires_confirmation",
		};
		this.intents.set(intent.id, intent);
		if (params.confirm === "true") this.#charge(intent, String(params.return_url));
		return intent;
	}

	intent(intentId: string): StripeIntent {
		const found = this.intents.get(intentId);
		if (!found) throw invalid("resource_missing", "intent", 404);
		return found;
	}

	/** The one intent that was made for a payment of ours. */
	intentOf(paymentId: string): StripeIntent {
		const [intent, ...more] = this.intentsOf(paymentId);
		if (!intent || more.length > 0) throw new Error(`${more.length + (intent ? 1 : 0)} intents of ${paymentId}`);
		return intent;
	}

	intentsOf(paymentId: string): StripeIntent[] {
		return [...this.intents.values()].filter(({ metadata }) => metadata.paymentId === paymentId);
	}

	/** Money that was taken and not given back, with every intent counted. */
	takenFor(paymentId: string): number {
		const intents = this.intentsOf(paymentId);
		const taken = intents.reduce((sum, { amount_received }) => sum + amount_received, 0);
		return taken - intents.reduce((sum, intent) => sum + this.#given(intent.id), 0);
	}

	search(query: string): StripeIntent[] {
		const paymentId = /^metadata\['paymentId'\]:'([^']+)'$/.exec(query)?.[1];
		if (paymentId === undefined) throw invalid("search_query_invalid", "query");
		return this.indexBehind ? [] : this.intentsOf(paymentId);
	}

	confirm(intentId: string): StripeIntent {
		return this.#moved(intentId, ["requires_confirmation"], (intent) => this.#capture(intent));
	}

	capture(intentId: string): StripeIntent {
		return this.#moved(intentId, ["requires_capture"], (intent) => this.#capture(intent));
	}

	cancel(intentId: string): StripeIntent {
		const cancellable = ["requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"];
		return this.#moved(intentId, cancellable, (intent) => {
			Object.assign(intent, { status: "canceled", next_action: null });
			this.#tell("payment_intent.canceled", intent);
		});
	}

	/** What the buyer does at their bank. */
	authenticate(intentId: string, success: boolean): void {
		this.#moved(intentId, ["requires_action"], (intent) =>
			success ? this.#capture(intent) : this.#decline(intent, "payment_intent_authentication_failure"),
		);
	}

	/** What a slow bank says. */
	settle(intentId: string, success: boolean): void {
		this.#moved(intentId, ["processing"], (intent) =>
			success ? this.#capture(intent) : this.#decline(intent, "card_declined", "insufficient_funds"),
		);
	}

	refund(params: Params): StripeRefund {
		demandKnown(params, known.refund);
		const intent = this.intents.get(String(params.payment_intent));
		if (!intent) throw invalid("resource_missing", "payment_intent");
		const amount = wholeOf(params, "amount");
		const left = intent.amount_received - this.#given(intent.id);
		if (left <= 0) throw invalid("charge_already_refunded", undefined, 400, true);
		if (amount > left) throw invalid("", "amount", 400, true);
		const refund: StripeRefund = {
			...{ id: id("re"), object: "refund", amount, currency: intent.currency, created: now() },
			...{ metadata: (params.metadata ?? {}) as Params, payment_intent: intent.id },
			status: this.slowRefunds ? "pending" : "succeeded",
		};
		this.refunds.set(refund.id, refund);
		const charge = { id: intent.latest_charge, object: "charge", payment_intent: intent.id, metadata: intent.metadata };
		this.#tell("charge.refunded", { ...charge, amount_refunded: this.#given(intent.id) });
		return refund;
	}

	refundOf(refundId: string): StripeRefund {
		const found = this.refunds.get(refundId);
		if (!found) throw invalid("resource_missing", "refund", 404);
		return found;
	}

	settleRefund(refundId: string, success: boolean): void {
		const refund = this.refundOf(refundId);
		refund.status = success ? "succeeded" : "failed";
		if (!success) refund.failure_reason = "lost_or_stolen_card";
		this.#tell(success ? "refund.updated" : "refund.failed", refund);
	}

	/** The newest come first. */
	refundsOf(intentId: string): StripeRefund[] {
		return [...this.refunds.values()].filter(({ payment_intent }) => payment_intent === intentId).reverse();
	}

	#given(intentId: string): number {
		const counted = this.refundsOf(intentId).filter(({ status }) => status !== "failed");
		return counted.reduce((sum, { amount }) => sum + amount, 0);
	}

	#moved(intentId: string, from: readonly string[], move: (intent: StripeIntent) => void): StripeIntent {
		const intent = this.intent(intentId);
		if (!from.includes(intent.status)) throw invalid("payment_intent_unexpected_state", undefined, 400, true);
		move(intent);
		return intent;
	}

	#charge(intent: StripeIntent, returnUrl: string): void {
		const method = intent.payment_method ?? "";
		const decline = declines[method];
		if (decline) {
			this.#decline(intent, ...decline);
			const { last_payment_error: error } = intent;
			throw new StripeRefused(402, { ...error, payment_intent: structuredClone(intent) }, true);
		}
		const redirect = { url: `https://hooks.stripe.test/3d_secure/${intent.id}`, return_url: returnUrl };
		if (method === "pm_card_authenticationRequired") this.#wait(intent, { type: "redirect_to_url", redirect_to_url: redirect });
		else if (method === "pm_card_sdkOnly") this.#wait(intent, { type: "use_stripe_sdk", use_stripe_sdk: {} });
		else if (method === "pm_sepaDebit") intent.status = "processing";
		else if (method === "pm_card_manual") intent.status = "requires_capture";
		else this.#capture(intent);
	}

	#wait(intent: StripeIntent, next: StripeIntent["next_action"]): void {
		Object.assign(intent, { status: "requires_action", next_action: next });
		this.#tell("payment_intent.requires_action", intent);
	}

	#capture(intent: StripeIntent): void {
		Object.assign(intent, { status: "succeeded", amount_received: intent.amount, latest_charge: id("ch"), next_action: null });
		this.#tell("payment_intent.succeeded", intent);
	}

	#decline(intent: StripeIntent, code: string, declineCode?: string): void {
		const error = { type: "card_error", code, ...(declineCode && { decline_code: declineCode }), message: "Declined." } as const;
		Object.assign(intent, { status: "requires_payment_method", last_payment_error: error, next_action: null });
		this.#tell("payment_intent.payment_failed", intent);
	}

	#tell(type: string, object: object): void {
		const data = { object: structuredClone(object) };
		this.events.push({ id: id("evt"), object: "event", type, livemode: false, created: now(), data });
	}
}
