import type { Context, ServiceSchema } from "moleculer";
import { profile } from "../../config/profile.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Delivery, OrderView } from "../../contracts/http/orders.ts";
import { callerOf, causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import { DuplicateKey, StoreUnavailable } from "../../mixins/store/errors.ts";
import type { Cause } from "../../mixins/store/versioned.ts";
import type { Product } from "./catalogue.ts";
import { isTombstone, newOrder, type Order, orderFacts, orderIdOf, type Placement } from "./order.ts";
import { viewAsPlaced } from "./order-view.ts";
import { chargedBy, iso, type OrdersService, routeAction } from "./orders-base.ts";
import { checkPaymentMethod, defaultPaymentMethod } from "./payment-methods.ts";
import { priceOrder, type RequestedItem } from "./pricing.ts";
import { letGo, reserve, settle } from "./stock.adapter.ts";
import { createOrder } from "./writing.ts";

// orders.place. What a second run of the same request does, wherever the first one died:
//   before the stock:           everything again; nothing was written
//   stock, but no order:        reserved again under a token of its own; the first reservation is the reconciler's (0012-stock.md)
//   number, but no order:       the counter knows the id and gives the same number (0003-order-codes.md)
//   order, but no answer:       the order is found under its id and answered as it was placed
//   order, event not published: the event is in the order's outbox; the sweeper publishes it

interface PlaceParams {
	items: RequestedItem[];
	paymentMethod?: string;
	delivery?: Delivery;
}

type PlaceContext = Context<PlaceParams, CallMeta>;

/** Tokens live a while longer than their owner's account: who pays must exist and be active now. */
const requireActive = async (ctx: PlaceContext, id: string): Promise<void> => {
	const person = await ctx.call<{ active: boolean } | null, { id: string }>("auth.resolve", { id });
	if (!person?.active) throw new DomainError("CUSTOMER_NOT_FOUND");
};

/** What came with the request beyond these stays out of the order. */
const deliveryOf = ({ name, phone, zip, city, address, region, email }: Delivery): Delivery => ({
	name,
	phone,
	zip,
	city,
	address,
	region,
	email,
});

const replay = (ctx: PlaceContext, order: Order): OrderView => {
	const { key, hash, named } = requestOf(ctx);
	if (order.request?.key !== key || order.request.hash !== hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	ctx.meta.replayed = named;
	return viewAsPlaced(order);
};

/** After a restored backup the counter may be behind the orders: it goes on above the highest. */
export async function catchUpCodes(this: OrdersService): Promise<void> {
	const [last] = await this.store.orders.find({ where: { number: { $gt: 0 } }, sort: [["number", -1]], limit: 1 });
	await this.codes.raise(last?.number ?? 0);
}

const productsOf = async (service: OrdersService, ids: readonly string[]): Promise<Product[]> => {
	const found = await Promise.all(ids.map((id) => service.productOf(id)));
	return found.filter((product) => product !== undefined);
};

type Draft = Omit<Placement, "number"> & { request: { key: string; hash: string } };
type Written = { created: boolean; entity: Order };

const write = async (
	service: OrdersService,
	{ request, ...draft }: Draft,
	numberedAs: string,
	cause: Cause,
): Promise<Written> => {
	const number = await service.codes.numberOf(numberedAs);
	const order = { _id: draft.id, ...newOrder({ ...draft, number }), createdAt: draft.at, request };
	const event = { type: "order.placed", subject: draft.id, data: orderFacts(order) } as const;
	return createOrder(service, order, [event], cause);
};

const numberTries = 3;

const writeWithFreeNumber = async (service: OrdersService, draft: Draft, cause: Cause): Promise<Written> => {
	for (let attempt = 1; ; attempt += 1) {
		try {
			// The number that it has by its own name is somebody else's then: it needs another, and the same one if it comes again.
			return await write(service, draft, attempt === 1 ? draft.id : `${draft.id}.${attempt}`, cause);
		} catch (error) {
			if (!(error instanceof DuplicateKey) || attempt === numberTries) throw error;
			service.logger.warn(`The number of order ${draft.id} was taken: the counter was behind the orders and is raised`);
			await catchUpCodes.call(service);
		}
	}
};

const certainlyNotWritten = (error: unknown): boolean => error instanceof StoreUnavailable || error instanceof DuplicateKey;

/** As above; stock whose order is certainly not written goes back at once. After any other failure only the reconciler can know. */
const writeOrLetGo = async (service: OrdersService, draft: Draft, cause: Cause): Promise<Written> => {
	const { reservation } = draft;
	if (!reservation) return writeWithFreeNumber(service, draft, cause);
	try {
		const written = await writeWithFreeNumber(service, draft, cause);
		const ours = written.entity.reservation?.token === reservation.token;
		await (ours ? settle(service, reservation) : letGo(service, reservation));
		return written;
	} catch (error) {
		if (certainlyNotWritten(error)) await letGo(service, reservation);
		throw error;
	}
};

/** The first id of the request that is not burnt, and the order under it. */
const findPlaced = async ({ store }: OrdersService, key: string): Promise<{ id: string; done: Order | null }> => {
	for (let turn = 1; ; turn++) {
		const id = orderIdOf(key, turn);
		const done = await store.orders.findById(id);
		if (!done || !isTombstone(done)) return { id, done };
	}
};

async function place(this: OrdersService, ctx: PlaceContext): Promise<OrderView> {
	const { id: buyerId } = callerOf(ctx);
	const request = requestOf(ctx);
	// First of all: a repeat is answered even if the product is gone since, and takes no number and no stock.
	const { id, done } = request.named ? await findPlaced(this, request.key) : { id: orderIdOf(request.key), done: null };
	if (done) return replay(ctx, done);
	const { items, delivery, paymentMethod } = ctx.params;
	const productIds = [...new Set(items.map(({ productId }) => productId))];
	const by = chargedBy();
	const method = checkPaymentMethod(paymentMethod ?? defaultPaymentMethod(productIds, by), by);
	const [products] = await Promise.all([productsOf(this, productIds), requireActive(ctx, buyerId)]);
	const cause = causeOf(ctx);
	const { answerDeadline, orderExpiresAfter } = profile();
	const priced = priceOrder(items, products);
	const draft = {
		id,
		request: { key: request.key, hash: request.hash },
		buyerId,
		...priced,
		reservation: await reserve(this, { orderId: id, requested: items, at: cause.at }, priced.items, products),
		delivery: delivery && deliveryOf(delivery),
		paymentMethod: method,
		at: iso(cause.at),
		answerDue: cause.at + answerDeadline,
		expiresAt: cause.at + orderExpiresAfter,
	};
	const { created, entity } = await writeOrLetGo(this, draft, cause);
	// This took so long that its stock was given to others: the same request again goes on to the next id.
	if (isTombstone(entity)) throw new DomainError("UNAVAILABLE", "Placing the order took too long. Nothing was ordered.");
	if (!created) return replay(ctx, entity);
	this.justPlaced.add(entity);
	return viewAsPlaced(entity);
}

export const placing: Partial<ServiceSchema> = {
	actions: {
		place: routeAction("place", place),
	},
};
