import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { ProductView } from "../../contracts/http/products.ts";
import { deriveId } from "../../contracts/ids.ts";
import { callerOf, causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import type { Where } from "../../mixins/store/port.ts";
import { createEntity, mutate } from "../../mixins/store/versioned.ts";
import {
	decideUpdate,
	demoProducts,
	demoSellerId,
	nameRange,
	newProduct,
	type Offer,
	type Product,
	productView,
	searchKey,
	viewAsOffered,
} from "./catalogue.ts";
import { type Handler, iso, type OrdersService, routeAction } from "./orders-base.ts";

// The catalogue's actions.

interface ListParams {
	q?: string;
	limit?: number;
	cursor?: string;
}

// Two lists, two kinds of cursor: one of the other list is refused, not misread.
const Newest = Type.Object({ below: Type.String() });
const ByName = Type.Object({ above: Type.String() });

async function newest(this: OrdersService, { limit = defaultLimit, cursor }: ListParams): Promise<PageOf<ProductView>> {
	const where: Where = cursor === undefined ? {} : { sortKey: { $lt: decodeCursor(cursor, Newest).below } };
	const rows = await this.store.products.find({ where, sort: [["sortKey", -1]], limit: limit + 1 });
	return toPage(rows, limit, productView, ({ sortKey }) => ({ below: sortKey }));
}

async function byName(
	this: OrdersService,
	q: string,
	{ limit = defaultLimit, cursor }: ListParams,
): Promise<PageOf<ProductView>> {
	const { from, below } = nameRange(q);
	const start = cursor === undefined ? { $gte: from } : { $gt: decodeCursor(cursor, ByName).above };
	const where = { nameKey: { ...start, $lt: below } };
	const rows = await this.store.products.find({ where, sort: [["nameKey", 1]], limit: limit + 1 });
	return toPage(rows, limit, productView, ({ nameKey }) => ({ above: nameKey }));
}

const listProducts: Handler<ListParams, PageOf<ProductView>> = async function ({ params }) {
	const { q = "" } = params;
	return searchKey(q) === "" ? newest.call(this, params) : byName.call(this, q, params);
};

const getProduct: Handler<{ id: string }, ProductView> = async function ({ params }) {
	const product = await this.store.products.findById(params.id);
	if (!product) throw new DomainError("NOT_FOUND");
	return productView(product);
};

let lastListed = 0;
/** Two products that one seller adds within a millisecond are still listed in that order. */
const listedAt = (now: number): string => {
	lastListed = Math.max(now, lastListed + 1);
	return iso(lastListed);
};

// A second run finds the product under its id and answers it as it was offered.
const addProduct: Handler<Offer, ProductView> = async function (ctx) {
	const { id: sellerId } = callerOf(ctx);
	const { key, hash, named } = requestOf(ctx);
	const cause = causeOf(ctx);
	const id = deriveId("product", key);
	const offered = newProduct(id, sellerId, ctx.params, listedAt(cause.at));
	const draft = { _id: id, ...offered, createdAt: iso(cause.at), request: { key, hash } };
	const { created, entity } = await createEntity<Product>(this.store.products, draft, [], cause);
	if (entity.request?.key !== key || entity.request.hash !== hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	if (!created) ctx.meta.replayed = named;
	return viewAsOffered(entity);
};

// A second run finds the key of the request in the product, and answers the product as it is by then.
async function updateProduct(this: OrdersService, ctx: Context<Partial<Offer> & { id: string }, CallMeta>): Promise<ProductView> {
	const { id: sellerId } = callerOf(ctx);
	const { id, name, price, stock } = ctx.params;
	const { key } = requestOf(ctx);
	const { ifMatch } = ctx.meta;
	const change = { ...(name !== undefined && { name }), ...(price && { price }), ...(stock !== undefined && { stock }) };
	const done = await mutate(
		this.store.products,
		id,
		(product) => decideUpdate(product, change, { sellerId, key, ifMatch }),
		causeOf(ctx),
	);
	if (!done) throw new DomainError("NOT_FOUND");
	return productView(done.entity);
}

/** Made at the first start and never again: what a seller changed since stays as it is. */
export async function offerDemoProducts(this: OrdersService): Promise<void> {
	const at = clock.now();
	for (const { id, offer } of demoProducts) {
		const draft = { _id: id, ...newProduct(id, demoSellerId, offer, listedAt(at)), createdAt: iso(at) };
		await createEntity<Product>(this.store.products, draft, [], { at });
	}
}

export const selling: Partial<ServiceSchema> = {
	actions: {
		listProducts: routeAction("listProducts", listProducts),
		getProduct: routeAction("getProduct", getProduct),
		addProduct: routeAction("addProduct", addProduct),
		updateProduct: routeAction("updateProduct", updateProduct),
	},
};
