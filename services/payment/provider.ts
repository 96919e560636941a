import type { Money } from "../../contracts/money.ts";
import type { Outcome } from "./outcome.ts";
import type { RefundOutcome } from "./refunds.ts";

// The port between payments and whoever moves the money. Sandbox: sandbox-provider.ts. Stripe: stripe-provider.ts.
//
// Every call that moves money has a key, chosen and stored before the call: the same key again, with the same parameters, from
// any node and in any order, does nothing new and answers how the first one stands now. A call may be cut off at any moment (by
// its `signal`, or because the process dies) and is then repeated, or asked about by `lookup`.
//
// What calls may throw:
//   ProviderUnknown   the answer was lost, or is none: it may have happened. The payment stays as it is, and is asked about again.
//   anything else     is taken for the same, and logged as a fault. A refusal is never thrown: it is an outcome.

/** The provider may have done it, or may not. */
export class ProviderUnknown extends Error {
	override readonly name = "ProviderUnknown";
}

/** `signal` aborts when the caller no longer waits; whatever is answered after that is not heard. */
export interface ProviderCall {
	signal: AbortSignal;
}

export interface ChargeRequest {
	/** Idempotency key of the charge. */
	key: string;
	/** Ours; comes back in webhooks. */
	paymentId: string;
	orderId: string;
	amount: Money;
	/** As the buyer named it. One that the provider does not know is declined with `unsupported_method`. */
	method: string;
	/** Epoch ms: no call under this key is older. */
	since: number;
	/** The provider's own name for the charge, once it is known. */
	ref?: string | undefined;
}

export interface RefundCall {
	/** Idempotency key of the refund. */
	key: string;
	/** Epoch ms: no call under this key is older. */
	since: number;
	/** What the money comes from. */
	charge: ChargeRequest;
	/** At most what was captured and not refunded; a part or the whole. */
	amount: Money;
}

/** A webhook whose signature is right. */
export interface ProviderEvent {
	/** The provider's own, the same on every delivery: repeats are told by it. */
	id: string;
	type: string;
	paymentId: string;
	/** Null for types that say nothing about how a charge stands. */
	outcome: Outcome | null;
	/** Something moved that is not told here: what is due about the payment is asked again, at once. */
	asks?: true;
}

/** Lower case. */
export type WebhookHeaders = Readonly<Record<string, string>>;

/** Takes a webhook as if it had come over HTTP. Resolves once it is stored. */
export type Deliver = (headers: WebhookHeaders, rawBody: string) => Promise<void>;

export interface Provider {
	/** Part of the webhook's path, stored with each payment. */
	readonly name: string;
	/**
	 * For how long, in ms, the provider surely remembers an idempotency key. A charge whose first call is older than that is only
	 * looked up, never sent again: the provider would take it for a new one. With a margin for calls on their way.
	 */
	readonly keyLife: number;
	/** How long, in ms, a call may take before its outcome is called unknown; absent: 2.5 s. */
	readonly patience?: number;

	/** Takes the money, or says why not. Captures at once unless the method calls for two steps. */
	charge(request: ChargeRequest, call: ProviderCall): Promise<Outcome>;
	/**
	 * How the charge under this key stands; null if the provider has never heard of it (or not yet), or cannot tell but by the same
	 * `charge` again. Moves no money.
	 */
	lookup(request: ChargeRequest, call: ProviderCall): Promise<Outcome | null>;
	/** The buyer did what `requires_action` asked for. Answers how the charge stands then, which may be anything. */
	confirm(request: ChargeRequest, call: ProviderCall): Promise<Outcome>;
	/** Takes what is authorised. Answers how the charge stands then. */
	capture(request: ChargeRequest, call: ProviderCall): Promise<Outcome>;
	/**
	 * When it resolves, no money is held under this key that was not captured, and none will be, not by a `charge` that is still
	 * on its way either: a key that the provider has not heard of is used up. Answers how the charge stands then: `voided`, or
	 * what came first (`captured`, `declined`).
	 */
	void(request: ChargeRequest, call: ProviderCall): Promise<Outcome>;
	/** Gives money back. `failed`: it never will under this key. */
	refund(request: RefundCall, call: ProviderCall): Promise<RefundOutcome>;

	/**
	 * Verifies a webhook and reads it. Throws DomainError BAD_SIGNATURE (before it has parsed anything) and VALIDATION.
	 * @param rawBody byte for byte as it came
	 * @param now epoch ms: signatures that are too old or too new are refused
	 */
	readWebhook(headers: WebhookHeaders, rawBody: string, now: number): ProviderEvent;
	/** Only where a webhook is the whole truth: enters into the provider's books what was said in its name. Done again on repeats. */
	enterWebhook?(event: ProviderEvent, charge: ChargeRequest): Promise<void>;
	/** Only where nobody else does it: does what has become due, and delivers the webhooks of that. Called again and again. */
	tick?(deliver: Deliver, signal: AbortSignal): Promise<void>;
}
