import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import type { OrderStatus, OrderView } from "../../contracts/http/orders.ts";
import { callerOf } from "../../mixins/call-meta/call-meta.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { visibleTo } from "./access.ts";
import { type Order, partiesOf } from "./order.ts";
import { historyView, orderView, statusView } from "./order-view.ts";
import { type Handler, type OrdersService, routeAction } from "./orders-base.ts";

// Reading orders. Who may is decided on the order itself, after it was read and before anything of it is said.

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

/** An order that the caller may see, with what they are to it. Step by step the place for a cache: ownership is looked at after it. */
const reading = <Answer>(view: (seen: ReturnType<typeof visibleTo>) => Answer): Handler<{ id: string }, Answer> =>
	async function (ctx) {
		const order = await this.store.orders.findById(ctx.params.id);
		return view(visibleTo(order, callerOf(ctx)));
	};

export const orderReading: Partial<ServiceSchema> = {
	actions: {
		list: routeAction("list", list),
		get: routeAction(
			"get",
			reading(({ order, parties }) => orderView(order, parties)),
		),
		status: routeAction(
			"status",
			reading(({ order }) => statusView(order)),
		),
		history: routeAction(
			"history",
			reading(({ order }) => historyView(order)),
		),
	},
};
