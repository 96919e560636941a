import { type Service, ServiceBroker, type ServiceSchema } from "moleculer";
import { profile as currentProfile } from "../../config/profile.ts";
import type { CallMeta, Role } from "../../contracts/call.ts";
import type { DomainEvent, EventData } from "../../contracts/events.ts";
import type { OrderView, PaymentStatus } from "../../contracts/http/orders.ts";
import type { ProductView } from "../../contracts/http/products.ts";
import { newId } from "../../contracts/ids.ts";
import { domainErrors } from "../../middlewares/domain-errors.ts";
import { TypeBoxValidator } from "../../middlewares/typebox-validator.ts";
import { type StoreProfile, setStoreProfile } from "../../mixins/store/store-profile.ts";
import { type CacheSettings, openOrderCache } from "../../services/orders/caching.mixin.ts";
import orders from "../../services/orders/orders.service.ts";
import type { OrdersService } from "../../services/orders/orders-base.ts";
import type { PaymentEvent } from "../../services/orders/payment-news.ts";
import { onPayment } from "../../services/orders/settling.mixin.ts";

/** Whose call it is, and under which request. */
export interface As {
	id: string;
	roles?: readonly Role[];
	/** An Idempotency-Key; without one the request is on its own. */
	key?: string;
	/** Stands for the body; the same key with another one is refused. */
	hash?: string;
	ifMatch?: CallMeta["ifMatch"];
}

export interface Answer<T> {
	body: T;
	meta: CallMeta;
}

/** What the payment service was asked, and what it says; tests script it. */
export interface ScriptedPayment {
	asked: { paymentId: string; attempt: number; orderId: string; method: string }[];
	refunds: string[];
	/** Answers of payment.ensure by payment id; "processing" where nothing is scripted. */
	states: Map<string, { status: PaymentStatus; declineCode?: string }>;
	/** Refunds fail while it is set. */
	broken: boolean;
}

/** The orders service in a broker of its own, with stand-ins for those it calls. */
export interface OrdersNode {
	broker: ServiceBroker;
	service: OrdersService;
	payment: ScriptedPayment;
	/** Ids that auth knows, and whether they are active. Everybody else is unknown. */
	people: Map<string, boolean>;
	call<T>(action: string, params: object, as: As): Promise<Answer<T>>;
	place(as: As, body?: object): Promise<OrderView>;
	order(id: string): Promise<OrderView>;
	/** Events that an order has made so far, in order. */
	events(order: OrderView): readonly DomainEvent[];
	/** Delivers an event of the order's current payment (or of `change`) to the service. */
	deliver(type: PaymentEvent["type"], order: OrderView, change?: Partial<EventData["payment.captured"]>): Promise<void>;
	addProduct(sellerId: string, body?: object): Promise<ProductView>;
	stop(): Promise<void>;
}

const auth = (people: Map<string, boolean>): ServiceSchema => ({
	name: "auth",
	actions: {
		resolve(ctx: { params: { id: string } }) {
			const { id } = ctx.params;
			return people.has(id) ? { id, name: id, email: `${id}@example.com`, roles: ["buyer"], active: people.get(id) } : null;
		},
	},
});

const scripted = (payment: ScriptedPayment): ServiceSchema => ({
	name: "payment",
	actions: {
		ensure(ctx: { params: ScriptedPayment["asked"][number] }) {
			const { paymentId, orderId, attempt } = ctx.params;
			payment.asked.push(ctx.params);
			return { paymentId, orderId, attempt, ...(payment.states.get(paymentId) ?? { status: "processing" }) };
		},
		refundUnwanted(ctx: { params: { paymentId: string } }) {
			if (payment.broken) throw new Error("payment is away");
			payment.refunds.push(ctx.params.paymentId);
		},
	},
});

const metaOf = ({ id, roles = ["buyer"], key, hash = "hash", ifMatch }: As): CallMeta => ({
	user: { id, roles, sessionId: "s" },
	request: { key: key ?? newId(), hash, named: key !== undefined },
	...(ifMatch && { ifMatch }),
});

const eventOf = (type: PaymentEvent["type"], order: OrderView, change: object): PaymentEvent => {
	const data = {
		paymentId: order.payment.id,
		orderId: order.id,
		attempt: 1,
		buyerId: order.buyerId,
		sellerId: order.sellerId,
		amount: order.totals.total,
		method: order.payment.method,
		...(type === "payment.declined" && { declineCode: "card_declined" }),
		...(type === "payment.refunded" && { refundedTotal: order.totals.total }),
		...change,
	};
	const envelope: Omit<DomainEvent, "type" | "data"> = {
		specversion: "1.0",
		id: newId(),
		source: "/souk/payment",
		subject: data.paymentId,
		time: new Date().toISOString(),
	};
	return { ...envelope, type, data } as PaymentEvent; // the data fit the type by construction
};

/** Listens in on what goes to the bus. */
const recordEvents = ({ store }: OrdersService): Map<string, DomainEvent[]> => {
	const made = new Map<string, DomainEvent[]>();
	const publish = store.onEvents;
	store.onEvents = (collection, id, events) => {
		made.set(id, [...(made.get(id) ?? []), ...events]);
		publish?.(collection, id, events);
	};
	return made;
};

/** `paymentService` takes the place of the scripted one; `cache` goes over the settings of the environment. */
export const startOrdersNode = async (
	profile: StoreProfile,
	paymentService?: object,
	cache: Partial<CacheSettings> = {},
): Promise<OrdersNode> => {
	setStoreProfile(profile);
	const broker = new ServiceBroker({
		logger: false,
		validator: new TypeBoxValidator(),
		middlewares: [domainErrors()],
		tracking: { enabled: true },
	});
	const payment: ScriptedPayment = { asked: [], refunds: [], states: new Map(), broken: false };
	const people = new Map([["bea", true]]);
	broker.createService(auth(people));
	broker.createService((paymentService ?? scripted(payment)) as ServiceSchema); // its own typed schema is narrower than the general one
	const service = broker.createService({ ...orders }) as Service as OrdersService;
	service.cache.close();
	service.cache = openOrderCache(service, { ...currentProfile(), ...cache });
	await broker.start();
	const made = recordEvents(service);
	const call = async <T>(action: string, params: object, as: As): Promise<Answer<T>> => {
		const meta = metaOf(as);
		const body = await broker.call<T, object>(`orders.${action}`, params, { meta });
		return { body, meta };
	};
	return {
		broker,
		service,
		payment,
		people,
		call,
		place: async (as, body = {}) =>
			(await call<OrderView>("place", { items: [{ productId: "1", quantity: 2 }], ...body }, as)).body,
		order: async (id) => (await call<OrderView>("get", { id }, { id: "ada", roles: ["admin"] })).body,
		events: ({ id }) => made.get(id) ?? [],
		deliver: (type, order, change = {}) => onPayment.call(service, { params: eventOf(type, order, change) } as never),
		addProduct: async (sellerId, body = {}) => {
			const offer = { name: "Nasi lemak", price: { amount: 500, currency: "MYR" }, ...body };
			return (await call<ProductView>("addProduct", offer, { id: sellerId, roles: ["seller"] })).body;
		},
		async stop() {
			await broker.stop();
			setStoreProfile(undefined);
		},
	};
};
