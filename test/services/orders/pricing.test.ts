import assert from "node:assert/strict";
import fc from "fast-check";
import type { ErrorCode } from "../../../contracts/errors.ts";
import { DomainError } from "../../../contracts/errors.ts";
import { mergeItems, type OfferedProduct, priceOrder, type RequestedItem } from "../../../services/orders/pricing.ts";

const product = (id: string, change: Partial<OfferedProduct> = {}): OfferedProduct => ({
	_id: id,
	sellerId: "sal",
	name: `Product ${id}`,
	price: { amount: 1000, currency: "MYR" },
	...change,
});
const item = (productId: string, quantity = 1): RequestedItem => ({ productId, quantity });

const refused = (run: () => unknown, code: ErrorCode, pointers: readonly string[] = []): void => {
	assert.throws(run, (error) => {
		assert.ok(error instanceof DomainError);
		assert.equal(error.code, code);
		assert.deepEqual(
			(error.extras.errors ?? []).map(({ pointer }) => pointer),
			pointers,
		);
		return true;
	});
};

describe("pricing: what an order costs", () => {
	it("multiplies and adds in minor units", () => {
		const priced = priceOrder([item("a", 3), item("b")], [product("b", { price: { amount: 1, currency: "MYR" } }), product("a")]);
		assert.deepEqual(priced, {
			sellerId: "sal",
			items: [
				{
					productId: "a",
					name: "Product a",
					quantity: 3,
					unitPrice: { amount: 1000, currency: "MYR" },
					total: { amount: 3000, currency: "MYR" },
				},
				{
					productId: "b",
					name: "Product b",
					quantity: 1,
					unitPrice: { amount: 1, currency: "MYR" },
					total: { amount: 1, currency: "MYR" },
				},
			],
			totals: {
				goods: { amount: 3001, currency: "MYR" },
				delivery: { amount: 0, currency: "MYR" },
				total: { amount: 3001, currency: "MYR" },
			},
		});
	});

	it("adds up the same product listed twice, on the first one's line", () => {
		assert.deepEqual(mergeItems([item("a", 2), item("b"), item("a", 3)]), [item("a", 5), item("b")]);
	});

	it("holds the bound of a line for the sum of both", () => {
		refused(() => mergeItems([item("a", 999), item("b"), item("a", 1)]), "VALIDATION", ["/items/2/quantity"]);
	});

	it("names each unknown product where the client wrote it", () => {
		const run = () => priceOrder([item("a"), item("x"), item("a"), item("y")], [product("a")]);
		refused(run, "UNKNOWN_PRODUCT", ["/items/1/productId", "/items/3/productId"]);
	});

	it("refuses two sellers in one order", () => {
		refused(() => priceOrder([item("a"), item("b")], [product("a"), product("b", { sellerId: "sid" })]), "MIXED_SELLERS");
	});

	it("refuses two currencies in one order", () => {
		const yen = product("b", { price: { amount: 5, currency: "JPY" } });
		refused(() => priceOrder([item("a"), item("b")], [product("a"), yen]), "MIXED_CURRENCIES");
	});

	it("refuses a sum that integers no longer hold", () => {
		const ids = Array.from({ length: 10 }, (_, index) => `p${index}`);
		const dear = ids.map((id) => product(id, { price: { amount: 1_000_000_000_000, currency: "MYR" } }));
		refused(
			() =>
				priceOrder(
					ids.map((id) => item(id, 999)),
					dear,
				),
			"VALIDATION",
			["/items"],
		);
	});

	it("adds up for any cart: totals are sums of lines, lines are price times quantity, and nothing asked for is lost", () => {
		const carts = fc.array(
			fc.record({ productId: fc.constantFrom("a", "b", "c", "d"), quantity: fc.integer({ min: 1, max: 9 }) }),
			{
				minLength: 1,
				maxLength: 100,
			},
		);
		const prices = fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 1, max: 1_000_000 })));
		fc.assert(
			fc.property(carts, prices, (cart, amounts) => {
				const offered = ["a", "b", "c", "d"].map((id, index) =>
					product(id, { price: { amount: amounts[index] ?? 1, currency: "MYR" } }),
				);
				const { items, totals } = priceOrder(cart, offered);
				const asked = cart.reduce((sum, line) => {
					const price = offered.find(({ _id }) => _id === line.productId)?.price.amount ?? Number.NaN;
					return sum + BigInt(price) * BigInt(line.quantity);
				}, 0n);
				assert.equal(BigInt(totals.total.amount), asked);
				for (const line of items) assert.equal(line.total.amount, line.unitPrice.amount * line.quantity);
				assert.equal(new Set(items.map(({ productId }) => productId)).size, items.length);
				assert.equal(totals.goods.amount + totals.delivery.amount, totals.total.amount);
			}),
		);
	});
});
