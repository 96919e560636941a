import type { OrderStatus } from "../../contracts/http/orders.ts";
import type { Change } from "../../mixins/store/versioned.ts";
import type { HistoryEntry, Order } from "./order.ts";
import { isFinal } from "./order-states.ts";

// What an order says of a person, and when it stops saying it. The order itself stays, for the books: who bought is an id that names nobody
// once the account is gone.

/** An order that comes to its end begins to forget where it went. */
export const withEnd = (order: Order, change: Change | null, at: number): Change | null => {
	const to = change?.set?.status as OrderStatus | undefined;
	if (!change || to === undefined || !isFinal(to) || !order.delivery) return change;
	return { ...change, set: { ...change.set, overAt: at } };
};

/** Where it went. Null: that is forgotten. */
export const withoutDelivery = ({ delivery, overAt }: Order): Change | null =>
	delivery || overAt !== undefined ? { unset: ["delivery", "overAt"] } : null;

const wordless = ({ reason: _words, ...entry }: HistoryEntry): HistoryEntry => entry;

/** All that its buyer or seller, who is gone, said in it. Null: there is nothing left. */
export const withoutPerson = (order: Order, userId: string): Change | null => {
	const own = order.buyerId === userId ? withoutDelivery(order) : null;
	const said = order.history.some(({ by, reason }) => by === userId && reason !== undefined);
	if (!said) return own;
	const history = order.history.map((entry) => (entry.by === userId ? wordless(entry) : entry));
	return { ...own, set: { history } };
};
