import { type Context, type Service, ServiceBroker, type ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { CallMeta } from "../../contracts/call.ts";
import type { DomainEvent, EventDraft, OrderFacts } from "../../contracts/events.ts";
import type { PaymentView } from "../../contracts/http/payments.ts";
import { newId } from "../../contracts/ids.ts";
import { domainErrors } from "../../middlewares/domain-errors.ts";
import { TypeBoxValidator } from "../../middlewares/typebox-validator.ts";
import { durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import { type StoreMembers, store } from "../../mixins/store/store.mixin.ts";
import { type StoreProfile, setStoreProfile } from "../../mixins/store/store-profile.ts";
import { createEntity, type Entity, outboxIndex } from "../../mixins/store/versioned.ts";
import payment from "../../services/payment/payment.service.ts";
import { type Payment, paymentIdOf } from "../../services/payment/payment.ts";
import type { PaymentService } from "../../services/payment/payment-base.ts";
import type { Provider } from "../../services/payment/provider.ts";
import { lookAfterPayments } from "../../services/payment/reconciling.ts";
import type { SandboxCharge } from "../../services/payment/sandbox-charge.ts";
import { SandboxProvider } from "../../services/payment/sandbox-provider.ts";
import { sign } from "../../services/payment/webhook-signature.ts";
import { applyStoredWebhooks, tickProviders } from "../../services/payment/webhooks.mixin.ts";
import type { As } from "./orders-node.ts";
import { until } from "./until.ts";

export const webhookSecret = "whsec-of-the-payment-suite";

type OrderEvent = "order.placed" | "order.payment_requested" | "order.cancelled" | "order.expired";

/** The payment service in a broker of its own, on a real bus in process, with a stand-in for orders that sends and hears events. */
export interface PaymentNode {
	broker: ServiceBroker;
	service: PaymentService;
	sandbox: SandboxProvider;
	/** Payment events as another group heard them, in order of arrival. */
	heard: DomainEvent[];
	/** What orders answers when it is asked whether it still waits for a payment; it is away while this throws. */
	awaitsPayment: (asked: { orderId: string; paymentId: string }) => boolean;
	/** From now on payments are charged by this one, under the sandbox's name. */
	use(provider: Provider): void;
	/** Sends an order's event over the bus. */
	tell(type: OrderEvent, facts: OrderFacts): Promise<void>;
	call<T>(action: string, params: object, as?: As): Promise<T>;
	/** A call as a person makes it, with what it left in the meta. */
	request<T>(action: string, params: object, as: As): Promise<{ body: T; meta: CallMeta }>;
	view(id: string): Promise<PaymentView>;
	stored(id: string): Promise<Payment | null>;
	charges(paymentId: string): Promise<SandboxCharge[]>;
	until(id: string, status: PaymentView["status"]): Promise<PaymentView>;
	/** A webhook as the provider's would come over HTTP. */
	webhook(message: unknown, options?: { secret?: string; at?: number; provider?: string; raw?: string }): Promise<unknown>;
	/** One round of all that the reconciler does. */
	reconcile(): Promise<void>;
	stop(): Promise<void>;
}

/** An order of 198.00 MYR by bea at sal's, as its events tell of it. */
export const anOrderOf = (method: string, orderId = newId(), attempt = 1): OrderFacts => ({
	...{ orderId, code: "O00000001", buyerId: "bea", sellerId: "sal", items: [], attempt },
	...{ total: { amount: 19_800, currency: "MYR" }, paymentMethod: method, createdAt: "2026-01-02T03:04:05.000Z" },
	paymentId: paymentIdOf(orderId, attempt),
});

type Shop = Service & StoreMembers<{ shop_orders: Entity }>;

const paymentEvents = ["captured", "declined", "requires_action", "voided", "refunded", "reminder_due"].map(
	(name) => `payment.${name}`,
);

/** What orders would be: its events leave from an outbox of its own. */
const shop = (heard: DomainEvent[]): ServiceSchema => {
	const hear = { durable: { group: "shop" }, handler: ({ params }: Context<DomainEvent>) => void heard.push(params) };
	return {
		name: "shop",
		mixins: [
			durableEvents({ collections: ["shop_orders"] }),
			store<{ shop_orders: Entity }>({ main: "shop_orders", collections: { shop_orders: { indexes: [outboxIndex] } } }),
		],
		events: Object.fromEntries(paymentEvents.map((type) => [type, hear])),
	} as unknown as ServiceSchema; // Moleculer's types know no `durable`
};

const metaOf = ({ id, roles = ["buyer"], key, hash = "hash", ifMatch }: As): CallMeta => ({
	user: { id, roles, sessionId: "s" },
	request: { key: key ?? newId(), hash, named: key !== undefined },
	...(ifMatch && { ifMatch }),
});

const openBroker = (): ServiceBroker =>
	new ServiceBroker({
		...{ logger: false, validator: new TypeBoxValidator(), middlewares: [domainErrors()], tracking: { enabled: true } },
		skipProcessEventRegistration: true,
	});

/** `reconciler: false`: only `reconcile()` looks after what is due. */
export const startPaymentNode = async (profile: StoreProfile, { reconciler = true } = {}): Promise<PaymentNode> => {
	setStoreProfile(profile);
	const broker = openBroker();
	const heard: DomainEvent[] = [];
	const service = broker.createService({ ...payment }) as Service as PaymentService;
	const orders = broker.createService(shop(heard)) as Service as Shop;
	broker.createService({
		name: "orders",
		actions: { awaitsPayment: ({ params }: Context<{ orderId: string; paymentId: string }>) => node.awaitsPayment(params) },
	});
	await broker.start();
	if (!reconciler) await Promise.all([service.reconciler?.stop(), service.reminding?.stop()]);
	const sandbox = new SandboxProvider({ charges: service.store.sandbox_charges, secrets: [webhookSecret], slowAfter: 200 });
	const use = (provider: Provider): void => {
		service.providers = new Map([["sandbox", provider]]);
	};
	use(sandbox);
	const request: PaymentNode["request"] = async (action, params, as) => {
		const meta = metaOf(as);
		return { body: await broker.call(`payment.${action}`, params, { meta }), meta };
	};
	const call: PaymentNode["call"] = async <T>(action: string, params: object, as: As = { id: "ada", roles: ["admin"] }) =>
		(await request<T>(action, params, as)).body;
	const view = (id: string) => call<PaymentView>("get", { id });
	const never = new AbortController().signal;
	const node: PaymentNode = {
		...{ broker, service, sandbox, heard, use, call, request, view },
		awaitsPayment: () => true,
		async tell(type, facts) {
			const by = type === "order.cancelled" ? { by: "bea" } : {};
			const event = { type, subject: facts.orderId, data: { ...facts, ...by } } as EventDraft; // `by` is what a cancel has more
			await createEntity<Entity>(orders.store.shop_orders, { _id: newId() }, [event], { at: Date.now() });
		},
		stored: (id) => service.store.payments.findById(id),
		charges: (paymentId) => service.store.sandbox_charges.find({ where: { paymentId } }),
		until: (id, status) =>
			until(
				`payment ${id} to be ${status}`,
				() => view(id).catch(() => null),
				(seen) => seen?.status === status,
			) as Promise<PaymentView>, // null has no status
		webhook(message, { secret = webhookSecret, at = clock.now(), provider = "sandbox", raw } = {}) {
			const rawBody = raw ?? JSON.stringify(message);
			const headers = { "souk-signature": sign(secret, rawBody, at) };
			return broker.call("payment.webhook", { provider, rawBody, headers });
		},
		async reconcile() {
			await tickProviders(service, never);
			await applyStoredWebhooks(service, never);
			await lookAfterPayments(service, never);
		},
		async stop() {
			await broker.stop();
			setStoreProfile(undefined);
		},
	};
	return node;
};
