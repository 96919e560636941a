import { DomainError } from "../../contracts/errors.ts";
import type { OrderLine } from "../../contracts/events.ts";
import type { Money } from "../../contracts/money.ts";
import type { OrderTotals } from "./order.ts";

// From what the client asks for and what the catalogue says to lines and totals. The client names products and quantities, never a price.

export interface RequestedItem {
	productId: string;
	quantity: number;
}

export interface OfferedProduct {
	_id: string;
	sellerId: string;
	name: string;
	price: Money;
}

const maxQuantity = 999;

const invalid = (pointer: string, detail: string): DomainError =>
	new DomainError("VALIDATION", detail, { errors: [{ pointer, detail }] });

/** The same product twice in a cart means the sum of both, on the first one's line. The bound of a line holds for the sum. */
export const mergeItems = (items: readonly RequestedItem[]): RequestedItem[] => {
	const merged = new Map<string, RequestedItem>();
	for (const [index, { productId, quantity }] of items.entries()) {
		const sum = (merged.get(productId)?.quantity ?? 0) + quantity;
		if (sum > maxQuantity) throw invalid(`/items/${index}/quantity`, `at most ${maxQuantity} of one product in an order`);
		merged.set(productId, { productId, quantity: sum });
	}
	return [...merged.values()];
};

const unknownProducts = (items: readonly RequestedItem[], offered: ReadonlyMap<string, OfferedProduct>): void => {
	const errors = items.flatMap(({ productId }, index) =>
		offered.has(productId) ? [] : [{ pointer: `/items/${index}/productId`, detail: "there is no such product" }],
	);
	if (errors.length > 0) throw new DomainError("UNKNOWN_PRODUCT", undefined, { errors });
};

const same = (values: readonly string[]): boolean => new Set(values).size <= 1;

const toLine = (product: OfferedProduct, quantity: number): OrderLine => ({
	productId: product._id,
	name: product.name,
	quantity,
	unitPrice: product.price,
	total: { amount: product.price.amount * quantity, currency: product.price.currency },
});

const sum = (lines: readonly OrderLine[], currency: string): Money => {
	const amount = lines.reduce((total, line) => total + line.total.amount, 0);
	// Past 2^53 numbers lose their last digits, and with them somebody's money.
	if (!Number.isSafeInteger(amount)) throw invalid("/items", "the total of the order is too large");
	return { amount, currency };
};

export interface PricedOrder {
	sellerId: string;
	items: OrderLine[];
	totals: OrderTotals;
}

/**
 * Lines and totals of one order. Throws UNKNOWN_PRODUCT (with a pointer to each into the body as it was sent), MIXED_SELLERS,
 * MIXED_CURRENCIES, and VALIDATION for sums that are out of bounds. `requested` is not empty (the schema's minItems).
 */
export const priceOrder = (requested: readonly RequestedItem[], products: readonly OfferedProduct[]): PricedOrder => {
	const offered = new Map(products.map((product) => [product._id, product]));
	unknownProducts(requested, offered);
	const chosen = mergeItems(requested).flatMap(({ productId, quantity }) => {
		const product = offered.get(productId);
		return product ? [{ product, quantity }] : [];
	});
	const [first] = chosen;
	if (!first) throw invalid("/items", "an order has at least one item");
	if (!same(chosen.map(({ product }) => product.sellerId))) throw new DomainError("MIXED_SELLERS");
	if (!same(chosen.map(({ product }) => product.price.currency))) throw new DomainError("MIXED_CURRENCIES");
	const items = chosen.map(({ product, quantity }) => toLine(product, quantity));
	const goods = sum(items, first.product.price.currency);
	// Delivery costs nothing yet; it stands in the totals so that a price for it later changes no shape.
	return {
		sellerId: first.product.sellerId,
		items,
		totals: { goods, delivery: { amount: 0, currency: goods.currency }, total: goods },
	};
};
