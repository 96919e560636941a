import type { FieldError } from "../../contracts/errors.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { OrderLine } from "../../contracts/events.ts";
import type { Update, Where } from "../../mixins/store/port.ts";
import type { Change } from "../../mixins/store/versioned.ts";
import type { Order } from "./order.ts";
import { givesStockBack } from "./order-states.ts";
import type { RequestedItem } from "./pricing.ts";

// Pieces of stock: how they are taken, kept and given back, as single updates of the product's own document. Why it is
// exact whatever dies in between: docs/decisions/0012-stock.md.

export interface StockItem {
	productId: string;
	quantity: number;
}

/** Pieces that an attempt to place an order has taken, until it is known whether that order came to be. */
export interface Hold {
	orderId: string;
	/** Fresh for each attempt: only the attempt whose token stands in the order has the right to the pieces. */
	token: string;
	quantity: number;
	/** Epoch ms. */
	at: number;
}

/** Pieces that were given back, until their order says so itself. */
export interface GivenBack {
	orderId: string;
	token: string;
}

/** What a product's document says about its pieces. */
export interface Stock {
	/** Available pieces. Absent: it is not counted. */
	stock?: number;
	holds?: Hold[];
	returns?: GivenBack[];
	/** Counts how often `returns` were removed: whoever read before may not rely on what is missing there. */
	forgotten?: number;
	/** Epoch ms: from then on the reconciler looks at holds and returns. Absent when there are none. */
	stockDue?: number;
}

export type StockedProduct = { _id: string; version: number } & Stock;

/** What an order has taken. It stands in the order from its first write on and never changes. */
export interface Reservation {
	token: string;
	items: StockItem[];
}

export interface Step {
	where: Where;
	update: Update;
}

/** The lines of an order whose product counts its pieces. */
export const stockedItems = (lines: readonly OrderLine[], products: readonly StockedProduct[]): StockItem[] => {
	const counted = new Set(products.filter(({ stock }) => stock !== undefined).map(({ _id }) => _id));
	return lines.flatMap(({ productId, quantity }) => (counted.has(productId) ? [{ productId, quantity }] : []));
};

/** The items of which there is less than is asked for, with pointers into the body as it was sent. */
export const shortages = (
	items: readonly StockItem[],
	products: readonly StockedProduct[],
	requested: readonly RequestedItem[],
): FieldError[] => {
	const left = new Map(products.map(({ _id, stock = 0 }) => [_id, stock]));
	return items.flatMap(({ productId, quantity }) => {
		const available = left.get(productId) ?? 0;
		if (available >= quantity) return [];
		const index = requested.findIndex((item) => item.productId === productId);
		return [{ pointer: `/items/${index}`, detail: available === 0 ? "none is left" : `only ${available} left` }];
	});
};

export const outOfStock = (errors: readonly FieldError[]): DomainError => new DomainError("OUT_OF_STOCK", undefined, { errors });

/** Takes the pieces, if there are so many and this hold is not there yet. `due`: when the reconciler may look at it. */
export const takeStep = (productId: string, hold: Hold, due: number): Step => ({
	where: { _id: productId, stock: { $gte: hold.quantity }, "holds.token": { $ne: hold.token } },
	update: { $inc: { stock: -hold.quantity, version: 1 }, $push: { holds: hold }, $min: { stockDue: due } },
});

export const holdsFor = ({ holds = [] }: StockedProduct, token: string): boolean => holds.some((hold) => hold.token === token);

/** The order is written: the pieces are its own, and it answers for them from now on. */
export const settleStep = (productId: string, tokens: readonly string[]): Step => ({
	where: { _id: productId, "holds.token": { $in: tokens } },
	update: { $pull: { holds: { token: { $in: tokens } } } },
});

/** Puts back what no order has a right to. The hold is the proof that it was not put back yet. */
export const putBackStep = (productId: string, { token, quantity }: Pick<Hold, "token" | "quantity">): Step => ({
	where: { _id: productId, "holds.token": token },
	update: { $inc: { stock: quantity, version: 1 }, $pull: { holds: { token } } },
});

const asItWas = ({ _id, forgotten }: StockedProduct): Where => ({ _id, forgotten: forgotten ?? null });

export const wasGivenBack = ({ returns = [] }: StockedProduct, token: string): boolean =>
	returns.some((entry) => entry.token === token);

/**
 * Gives back what an order had. The order must have been read after the product, and must still have said then that it is owed:
 * so a return that was forgotten before was not this one, and one that is forgotten since makes the filter fail.
 */
export const giveBackStep = (product: StockedProduct, entry: GivenBack, quantity: number, due: number): Step => ({
	where: { ...asItWas(product), "returns.token": { $ne: entry.token } },
	update: {
		$inc: { stock: quantity, version: 1 },
		$pull: { holds: { token: entry.token } },
		$push: { returns: entry },
		$min: { stockDue: due },
	},
});

/** For returns whose orders no longer say that they are owed anything. */
export const forgetStep = (product: StockedProduct, tokens: readonly string[]): Step => ({
	where: asItWas(product),
	update: { $pull: { returns: { token: { $in: tokens } } }, $inc: { forgotten: 1 } },
});

export interface Pace {
	/** How long an attempt to place may take before its hold is looked into, in ms. */
	graceMs: number;
	/** How soon returns are looked at again, in ms. */
	everyMs: number;
}

/** When the reconciler comes back; the version tells whether anything was added since `product` was read. */
export const rescheduleStep = (product: StockedProduct, now: number, { graceMs, everyMs }: Pace): Step => {
	const { _id, version, holds = [], returns = [] } = product;
	const dues = [...holds.map(({ at }) => at + graceMs), ...(returns.length > 0 ? [now + everyMs] : [])];
	return {
		where: { _id, version },
		update: dues.length > 0 ? { $set: { stockDue: Math.min(...dues) } } : { $unset: { stockDue: true } },
	};
};

export const overdueHolds = ({ holds = [] }: StockedProduct, now: number, { graceMs }: Pace): Hold[] =>
	holds.filter(({ at }) => at + graceMs <= now);

/** Whether the hold's own attempt wrote the order. */
export const isOwnHold = ({ token }: Pick<Hold, "token">, order: Pick<Order, "reservation">): boolean =>
	order.reservation?.token === token;

/** A change that ends an order which has taken stock says in the same write that the stock is owed. */
export const withStockOwed = <C extends Change>(order: Order, change: C | null, due: number): C | null => {
	if (!change || !order.reservation || givesStockBack(order.status)) return change;
	const status = change.set?.status as Order["status"] | undefined;
	return status !== undefined && givesStockBack(status) ? { ...change, set: { ...change.set, stockDue: due } } : change;
};
