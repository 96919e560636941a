import Stripe from "stripe";
import type { StoreProfile } from "../../mixins/store/store-profile.ts";
import type { Provider } from "../../services/payment/provider.ts";
import { stripeProvider } from "../../services/payment/stripe.ts";
import { stripeApiVersion } from "../../services/payment/stripe-client.ts";
import { anOrderOf, type PaymentNode, startPaymentNode } from "./payment-node.ts";
import { type StripeServer, startStripe, stripeKey } from "./stripe-server.ts";

export const stripeSecret = "whsec_of_the_stripe_suites";

/** Signs as Stripe's own package says that Stripe does. @param at epoch ms */
export const stripeSignature = (payload: string, secret = stripeSecret, at = Date.now()): string =>
	Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: Math.floor(at / 1000) });

/** The payment service, charging through a Stripe of its own. */
export interface StripeNode {
	node: PaymentNode;
	server: StripeServer;
	/** Charges an order, and answers its payment's id. */
	pay(method: string): Promise<string>;
	ask(order: ReturnType<typeof anOrderOf>): Promise<{ status: string }>;
	webhook(event: unknown, options?: { secret?: string; at?: number; raw?: string; header?: string }): Promise<unknown>;
	/** The last event of that type about the payment. */
	event(paymentId: string, type: string): unknown;
	use(secrets: readonly string[], patience?: number): Promise<void>;
	stop(): Promise<void>;
}

export const startStripeNode = async (profile: StoreProfile): Promise<StripeNode> => {
	const server = await startStripe(stripeApiVersion);
	const node = await startPaymentNode(profile, { reconciler: false });
	const open = (secrets: readonly string[], patience = 2_000): Promise<Provider> =>
		stripeProvider({ secretKey: stripeKey, apiUrl: server.url, secrets, returnUrl: "https://souk.example", patience });
	const use: StripeNode["use"] = async (secrets, patience) => {
		const stripe = await open(secrets, patience);
		node.service.providers = new Map([stripe, node.sandbox].map((provider) => [provider.name, provider]));
	};
	await use([stripeSecret]);
	const ask: StripeNode["ask"] = ({ paymentId, orderId, attempt, buyerId, sellerId, total: amount, paymentMethod: method }) =>
		node.call("ensure", { paymentId, orderId, attempt, buyerId, sellerId, amount, method });
	return {
		...{ node, server, use, ask },
		async pay(method) {
			const order = anOrderOf(method);
			await ask(order);
			return order.paymentId;
		},
		webhook(event, { secret, at, raw, header } = {}) {
			const rawBody = raw ?? JSON.stringify(event);
			const headers = { "stripe-signature": header ?? stripeSignature(rawBody, secret, at) };
			return node.broker.call("payment.webhook", { provider: "stripe", rawBody, headers });
		},
		event(paymentId, type) {
			const found = server.books.events.findLast(
				(event) => event.type === type && JSON.stringify(event.data.object).includes(paymentId),
			);
			if (!found) throw new Error(`Stripe has not told ${type} of ${paymentId}`);
			return found;
		},
		use,
		async stop() {
			await node.stop();
			await server.stop();
		},
	};
};
