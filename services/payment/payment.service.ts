import type { ServiceSchema, ServiceSettingSchema } from "moleculer";
import { profile } from "../../config/profile.ts";
import { type DurableEventsMembers, durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import { health } from "../../mixins/health/health.mixin.ts";
import { type RetentionMembers, retention } from "../../mixins/retention/retention.mixin.ts";
import { type StoreMethods, store } from "../../mixins/store/store.mixin.ts";
import { charging } from "./charging.mixin.ts";
import { collections, type PaymentCollections, type PaymentService, type PaymentVars } from "./payment-base.ts";
import type { Provider } from "./provider.ts";
import { startReconciler } from "./reconciling.ts";
import { startReminding } from "./reminding.ts";
import { requesting } from "./requesting.mixin.ts";
import { paymentRetention } from "./retaining.ts";
import { SandboxProvider } from "./sandbox-provider.ts";
import { stripeProvider } from "./stripe.ts";
import { webhooks } from "./webhooks.mixin.ts";

// Payments, refunds and what providers say. What it offers stands in the mixins beside this file, how it decides in the plain modules.

type Vars = PaymentVars & DurableEventsMembers & RetentionMembers;

/** What can be guessed signs nothing. */
const shortestSecret = 16;

const warnOfShortSecrets = ({ logger }: PaymentService, secrets: readonly string[]): void => {
	if (secrets.every(({ length }) => length >= shortestSecret)) return;
	logger.warn(`A secret in WEBHOOK_SECRETS has less than ${shortestSecret} characters: it is too easy to guess`);
};

/** After the store, whose collection the sandbox keeps its books in, and before the first event comes. */
const withProviders = {
	async started(this: PaymentService) {
		const { stripe, webhookSecrets, publicUrl } = profile();
		warnOfShortSecrets(this, webhookSecrets);
		// Beside Stripe it only looks after what it charged before, and nobody outside speaks for it.
		const sandbox: Provider = new SandboxProvider({
			charges: this.store.sandbox_charges,
			secrets: stripe ? [] : webhookSecrets,
		});
		const providers = stripe
			? [await stripeProvider({ ...stripe, secrets: webhookSecrets, returnUrl: publicUrl }), sandbox]
			: [sandbox];
		this.providers = new Map(providers.map((provider) => [provider.name, provider]));
		if (stripe && webhookSecrets.length === 0)
			this.logger.warn("WEBHOOK_SECRETS is not set: what Stripe has to tell is only found out by asking");
	},
} as Partial<ServiceSchema>;

const payment: ServiceSchema<ServiceSettingSchema, StoreMethods, Vars> = {
	name: "payment",
	// Started from the last to the first and stopped the other way round.
	mixins: [
		charging,
		requesting,
		webhooks,
		health(function (this: Vars) {
			const groups = async (): Promise<GroupHealth[]> => (await this.bus?.health()) ?? [];
			return {
				checks: { store: () => requireStore(this) },
				consumers: async () => [...(await groups()).filter(({ service }) => service === "payment"), ...this.retentionTrouble()],
			};
		}),
		durableEvents({ collections: ["payments"] }),
		retention<PaymentService>(paymentRetention),
		withProviders,
		store<PaymentCollections>({ main: "payments", collections }),
	],

	async started() {
		this.reconciler = startReconciler(this);
		this.reminding = startReminding(this);
	},

	async stopped() {
		await Promise.all([this.reconciler?.stop(), this.reminding?.stop()]);
	},
};

const requireStore = async ({ storeHealth }: PaymentVars): Promise<void> => {
	const { ok, detail } = await storeHealth();
	if (!ok) throw new Error(detail ?? "the store does not answer");
};

export default payment;
