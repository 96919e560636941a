import Stripe from "stripe";
import { ProviderUnknown } from "./provider.ts";

// Stripe's API over HTTP: what its answers mean for somebody who must know whether money moved. What leaves this file never
// carries an error of the package: those hold headers and bodies, which belong in no log.

/** What our requests are written for and its answers are in, whatever the account's default is. */
export const stripeApiVersion = "2026-10-28.endive";

export interface StripeAddress {
	secretKey: string;
	/** https://api.stripe.com, or what stands in for it. */
	apiUrl: string;
	/** For each request. */
	timeoutMs: number;
}

export const openStripe = ({ secretKey, apiUrl, timeoutMs }: StripeAddress): Stripe => {
	const { protocol, hostname, port } = new URL(apiUrl);
	return new Stripe(secretKey, {
		apiVersion: stripeApiVersion,
		protocol: protocol === "http:" ? "http" : "https",
		host: hostname,
		port: port || (protocol === "http:" ? 80 : 443),
		timeout: timeoutMs,
		// The reconciler repeats, at its own pace. A connection that was closed the package tries again once all the same; under a
		// key, or where doing it twice is doing it once.
		maxNetworkRetries: 0,
		telemetry: false,
	});
};

/** Stripe said no: what was asked for did not happen. */
export interface Refusal {
	/**
	 * `declined`: by the bank. `invalid`: by Stripe. `missing`: there is no such thing. `blocked`: the key is used up by another
	 * request, or by one that ended in a fault of Stripe's which it repeats from now on: what came of that must be searched for.
	 */
	kind: "declined" | "invalid" | "missing" | "blocked";
	code?: string | undefined;
	declineCode?: string | undefined;
	param?: string | undefined;
	/** Of a decline: the intent that it left behind. */
	intent?: Stripe.PaymentIntent | undefined;
}

/** `replayed`: the answer of the first request under this key, as it was then. */
export type Answer<T> = { replayed: boolean } & ({ value: T; refusal?: undefined } | { value?: undefined; refusal: Refusal });

type Failure = InstanceType<typeof Stripe.errors.StripeError>;

const isReplayed = (headers: Readonly<Record<string, string>> | undefined): boolean =>
	headers?.["idempotent-replayed"] === "true";

const nameOf = ({ type, code, statusCode, param, requestId }: Failure): string =>
	[type, code, param, statusCode && `HTTP ${statusCode}`, requestId].filter(Boolean).join(", ");

const kindOf = (failure: Failure, replayed: boolean): Refusal["kind"] | null => {
	const { statusCode = 0, type, code } = failure;
	// Another request under the same key is still on its way.
	if (statusCode === 409 || code === "idempotency_key_in_use" || code === "lock_timeout") return null;
	if (type === "StripeIdempotencyError") return "blocked";
	if (statusCode >= 500) return replayed ? "blocked" : null;
	if (type === "StripeCardError") return "declined";
	if (type !== "StripeInvalidRequestError") return null;
	return statusCode === 404 ? "missing" : "invalid";
};

const refusalOf = (failure: Failure, replayed: boolean): Refusal => {
	const kind = kindOf(failure, replayed);
	const { code, param } = failure;
	if (kind) return { kind, code, param, declineCode: failure.decline_code, intent: failure.payment_intent };
	// Nothing that waiting would cure: somebody has to put the key right, and is told by the log.
	if (failure.statusCode === 401 || failure.statusCode === 403) throw new Error(`Stripe refuses our key (${nameOf(failure)})`);
	throw new ProviderUnknown(`no word from Stripe that counts (${nameOf(failure)})`);
};

/** Throws ProviderUnknown when it may have happened or not: no answer, a fault of Stripe's, too many requests, one on its way. */
export const asked = async <T>(call: () => Promise<Stripe.Response<T>>): Promise<Answer<T>> => {
	try {
		const value = await call();
		return { value, replayed: isReplayed(value.lastResponse.headers) };
	} catch (error) {
		if (!(error instanceof Stripe.errors.StripeError)) throw error;
		const replayed = isReplayed(error.headers);
		return { refusal: refusalOf(error, replayed), replayed };
	}
};
