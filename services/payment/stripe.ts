import type { Provider } from "./provider.ts";

export interface StripeSettings {
	secretKey: string;
	apiUrl: string;
	secrets: readonly string[];
	returnUrl: string;
	/** See Provider. */
	patience?: number;
}

/** How much sooner than the whole call a single request ends: the call can then still say what it waited for. */
const marginMs = 100;

/** Stripe behind the port. Its package is loaded here and nowhere else: who pays by the sandbox does not carry it. */
export const stripeProvider = async (settings: StripeSettings): Promise<Provider> => {
	const { secretKey, apiUrl, secrets, returnUrl, patience = 8_000 } = settings;
	const [{ openStripe }, { StripeProvider }] = await Promise.all([import("./stripe-client.ts"), import("./stripe-provider.ts")]);
	const stripe = openStripe({ secretKey, apiUrl, timeoutMs: patience - marginMs });
	return new StripeProvider({ stripe, secrets, returnUrl, live: secretKey.includes("_live_"), patience });
};
