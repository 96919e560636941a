import type { OrderStatus, OrderView } from "../../../contracts/http/orders.ts";
import type { PageOf } from "../../../mixins/paging/page.ts";
import type { Call } from "./passing-on.ts";

// Older clients know no pages: they get what they ordered in one answer, which has to end somewhere.

const most = 1_000;
/** A page is one message on the bus, which has a bound: an order may have a hundred lines. */
const aPage = 20;

interface ListParams {
	role: "buyer";
	limit: number;
	status?: OrderStatus;
	cursor?: string;
}

const ofStatus = async (ctx: Call<unknown>, status: OrderStatus | undefined): Promise<OrderView[]> => {
	const found: OrderView[] = [];
	let cursor: string | null | undefined;
	while (cursor !== null && found.length < most) {
		const asked: ListParams = { role: "buyer", limit: aPage, ...(status && { status }), ...(cursor && { cursor }) };
		const page: PageOf<OrderView> = await ctx.call<PageOf<OrderView>, ListParams>("orders.list", asked);
		found.push(...page.items);
		cursor = page.nextCursor;
	}
	return found;
};

/** Codes count orders in the sequence in which they came. */
const numberOf = ({ code }: OrderView): number => Number(code.slice(1));

/** An order that changes its status between two lists may be in both, as it was first and as it was then. */
const newestFirst = (lists: readonly OrderView[][]): OrderView[] => {
	const byId = new Map(lists.flat().map((order) => [order.id, order]));
	return [...byId.values()].sort((a, b) => numberOf(b) - numberOf(a));
};

/** The newest 1,000 of what the caller ordered, newest first; those in one of `statuses`, if given. */
export const ownOrders = async (ctx: Call<unknown>, statuses?: readonly OrderStatus[]): Promise<OrderView[]> => {
	const lists = statuses ? await Promise.all(statuses.map((status) => ofStatus(ctx, status))) : [await ofStatus(ctx, undefined)];
	return newestFirst(lists).slice(0, most);
};
