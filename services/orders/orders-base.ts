import type { Service } from "moleculer";
import { profile } from "../../config/profile.ts";
import { orderRoutes } from "../../contracts/http/orders.ts";
import { productRoutes } from "../../contracts/http/products.ts";
import type { DurableEventsMembers } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import type { RetentionMembers } from "../../mixins/retention/retention.mixin.ts";
import { type Handler as RouteHandler, routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { Sequence, SequenceDocument } from "../../mixins/sequence/sequence.ts";
import type { CollectionSpec } from "../../mixins/store/port.ts";
import type { StoreMembers } from "../../mixins/store/store.mixin.ts";
import type { StoreHealth } from "../../mixins/store/store.ts";
import { outboxIndex, requestsIndex } from "../../mixins/store/versioned.ts";
import type { OrderCache } from "./caching.mixin.ts";
import type { Product } from "./catalogue.ts";
import type { IntakeRecord } from "./intake-document.ts";
import type { Order } from "./order.ts";
import type { ChargedBy } from "./payment-methods.ts";
import type { Recent } from "./recent.ts";

// What the parts of this service (the *.mixin.ts files beside it) share: its collections and its `this`.

export interface OrdersCollections {
	orders: Order;
	products: Product;
	intake_documents: IntakeRecord;
	counters: SequenceDocument;
	leases: LeaseDocument;
}

export const collections: { readonly [K in keyof OrdersCollections]: CollectionSpec } = {
	orders: {
		indexes: [
			// The fence of the order codes: docs/decisions/0003-order-codes.md.
			// Sparse: tombstones have no number.
			{ name: "number", fields: [["number", 1]], unique: true, sparse: true },
			{
				name: "buyer",
				fields: [
					["buyerId", 1],
					["sortKey", -1],
				],
			},
			{
				name: "buyer_status",
				fields: [
					["buyerId", 1],
					["status", 1],
					["sortKey", -1],
				],
			},
			{
				name: "seller",
				fields: [
					["sellerId", 1],
					["sortKey", -1],
				],
			},
			{
				name: "seller_status",
				fields: [
					["sellerId", 1],
					["status", 1],
					["sortKey", -1],
				],
			},
			{ name: "answer_due", fields: [["answerDue", 1]], sparse: true },
			{ name: "expires", fields: [["expiresAt", 1]], sparse: true },
			{ name: "stock_due", fields: [["stockDue", 1]], sparse: true },
			{ name: "over", fields: [["overAt", 1]], sparse: true },
			requestsIndex,
			outboxIndex,
		],
	},
	products: {
		indexes: [
			{ name: "newest", fields: [["sortKey", -1]] },
			{ name: "by_name", fields: [["nameKey", 1]] },
			{ name: "stock_due", fields: [["stockDue", 1]], sparse: true },
		],
	},
	intake_documents: {
		indexes: [
			{
				name: "customer",
				fields: [
					["customerId", 1],
					["_id", 1],
				],
			},
		],
	},
	counters: {},
	leases: {},
};

/** `<product id> <token>` */
export type HoldKey = `${string} ${string}`;

/** Members of `this` that this service sets itself. */
export interface OrdersVars {
	codes: Sequence;
	/** Products by id; orders that are placed at the same time share the read. */
	productOf: (id: string) => Promise<Product | undefined>;
	/** Orders that were placed here a moment ago: their payment's answer finds them without a read. */
	justPlaced: Recent<Order>;
	/** Tells the product that the order is written; orders of the same moment share the command. */
	settleHold: (key: HoldKey) => Promise<unknown>;
	asking: LeasedJob | undefined;
	expiring: LeasedJob | undefined;
	keepingStock: LeasedJob | undefined;
	cache: OrderCache;
	endGauge?: () => void;
	endWarmUp: AbortController | undefined;
	/** Resolves when the cache has what it starts with. */
	warmedUp: Promise<void> | undefined;
	stopIntake: (() => Promise<void>) | undefined;
}

export type OrdersMembers = OrdersVars & StoreMembers<OrdersCollections> & DurableEventsMembers & RetentionMembers;
export type OrdersService = Service & OrdersMembers;

export type Handler<Params, Answer> = RouteHandler<OrdersService, Params, Answer>;

/** The action of one route. */
export const routeAction = routeActions<OrdersService>("orders", [...productRoutes, ...orderRoutes]);

/** The store's part in readiness: rejects with what is wrong. */
export const requireStore = async (asked: Promise<StoreHealth>): Promise<void> => {
	const { ok, detail } = await asked;
	if (!ok) throw new Error(detail ?? "the store does not answer");
};

export const iso = (at: number): string => new Date(at).toISOString();

/** Who charges for orders. */
export const chargedBy = (): ChargedBy => (profile().stripe ? "stripe" : "sandbox");
