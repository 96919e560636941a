import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { type CallMeta, takesText } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { OrderStatus, OrderView } from "../../contracts/http/orders.ts";
import { callerOf } from "../../mixins/call-meta/call-meta.ts";
import { count } from "../../mixins/metrics/metrics.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { visibleTo } from "./access.ts";
import { type Order, partiesOf } from "./order.ts";
import type { Party } from "./order-states.ts";
import { orderView } from "./order-view.ts";
import { type OrdersService, routeAction } from "./orders-base.ts";
import { ReadableOrder } from "./readable-order.ts";

// Reading orders. Who may is decided on the order itself, after it was read (from the cache or not) and before anything of it is said.

interface ListParams {
	role?: "buyer" | "seller";
	status?: OrderStatus;
	limit?: number;
	cursor?: string;
}

const Position = Type.Object({ below: Type.String() });

const newestFirst = (a: Order, b: Order): number => (a.sortKey < b.sortKey ? 1 : -1);

/** An order that a person placed with themselves is in both lists. */
const merge = (found: readonly Order[][]): Order[] => {
	const byId = new Map(found.flat().map((order) => [order._id, order]));
	return [...byId.values()].sort(newestFirst);
};

async function list(this: OrdersService, ctx: Context<ListParams, CallMeta>): Promise<PageOf<OrderView>> {
	const user = callerOf(ctx);
	const { role, status, cursor, limit = defaultLimit } = ctx.params;
	const below = cursor === undefined ? undefined : decodeCursor(cursor, Position).below;
	const roles = role ? [role] : (["buyer", "seller"] as const);
	const found = await Promise.all(
		roles.map((side) =>
			this.store.orders.find({
				where: {
					[`${side}Id`]: user.id,
					...(status !== undefined && { status }),
					...(below !== undefined && { sortKey: { $lt: below } }),
				},
				sort: [["sortKey", -1]],
				limit: limit + 1,
			}),
		),
	);
	const rows = merge(found).slice(0, limit + 1);
	return toPage(
		rows,
		limit,
		(order) => orderView(order, partiesOf(order, user)),
		({ sortKey }) => ({ below: sortKey }),
	);
}

const fromStore = async ({ store }: OrdersService, id: string): Promise<ReadableOrder | null> => {
	const order = await store.orders.findById(id);
	return order && new ReadableOrder(order);
};

const find = async (
	service: OrdersService,
	{ params, meta }: Context<{ id: string }, CallMeta>,
): Promise<ReadableOrder | null> => {
	const { cache } = service;
	const found = await cache.get(params.id);
	meta.cache = found.hit ? "HIT" : "MISS";
	if (found.hit) {
		count("cache_hits_total", { cache: "orders" });
		cache.hits += 1;
		return found.value;
	}
	count("cache_misses_total", { cache: "orders" });
	cache.misses += 1;
	const order = await fromStore(service, params.id);
	await found.fill?.(order);
	return order;
};

/** An order that the caller may see, with what they are to it. */
const seen = async (
	service: OrdersService,
	ctx: Context<{ id: string }, CallMeta>,
): Promise<{ found: ReadableOrder; parties: readonly Party[] }> => {
	const found = await find(service, ctx);
	if (!found) throw new DomainError("NOT_FOUND");
	return { found, parties: visibleTo(found.order, callerOf(ctx)).parties };
};

/** As JSON for who sends it on as it is, else as an object. */
const answer = (ctx: Context<unknown, CallMeta>, order: ReadableOrder, parties: readonly Party[]): OrderView | string => {
	if (!takesText(ctx)) return order.view(parties);
	ctx.meta.verbatim = true;
	ctx.meta.version = order.version;
	return order.viewText(parties);
};

async function get(this: OrdersService, ctx: Context<{ id: string }, CallMeta>): Promise<OrderView | string> {
	const { found, parties } = await seen(this, ctx);
	return answer(ctx, found, parties);
}

async function status(this: OrdersService, ctx: Context<{ id: string }, CallMeta>): Promise<{ status: OrderStatus }> {
	return (await seen(this, ctx)).found.status();
}

async function history(this: OrdersService, ctx: Context<{ id: string }, CallMeta>): Promise<{ items: Order["history"] }> {
	return (await seen(this, ctx)).found.history();
}

export const orderReading: Partial<ServiceSchema> = {
	actions: {
		list: routeAction("list", list),
		get: routeAction("get", get),
		status: routeAction("status", status),
		history: routeAction("history", history),
	},
};
