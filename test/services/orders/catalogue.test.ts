import assert from "node:assert/strict";
import { DomainError } from "../../../contracts/errors.ts";
import {
	decideUpdate,
	nameRange,
	newProduct,
	type Product,
	productView,
	searchKey,
	viewAsOffered,
} from "../../../services/orders/catalogue.ts";
import { answerDelay } from "../../../services/orders/deadline.ts";
import { checkPaymentMethod, defaultPaymentMethod } from "../../../services/orders/payment-methods.ts";

const at = "2026-01-02T03:04:05.000Z";
const price = { amount: 500, currency: "MYR" };
const aProduct = (name = "Nasi Lemak", stock?: number): Product => ({
	_id: "p1",
	version: 1,
	createdAt: at,
	updatedAt: at,
	...newProduct("p1", "sal", { name, price, stock }, at),
});
const code = (expected: string) => (error: unknown) => error instanceof DomainError && error.code === expected;

const by = (sellerId: string, ifMatch?: readonly number[]) => ({ sellerId, key: "a request", ifMatch });

describe("catalogue", () => {
	it("finds names by their beginning, in any case and composition", () => {
		const finds = (q: string, name: string): boolean => {
			const { nameKey } = aProduct(name);
			const { from, below } = nameRange(q);
			return nameKey >= from && nameKey < below;
		};
		assert.equal(finds("NASI l", "Nasi Lemak"), true);
		assert.equal(finds("lemak", "Nasi Lemak"), false);
		assert.equal(finds("cafe\u0301", "Café au lait"), true);
		assert.equal(finds("nasi lemak", "Nasi"), false);
		assert.equal(finds("\u{1F357}", "\u{1F357} wing"), true);
		assert.equal(searchKey("  Ä "), "ä");
	});

	it("refuses a currency that ISO 4217 does not know", () => {
		assert.throws(() => newProduct("p", "s", { name: "n", price: { amount: 1, currency: "XQZ" } }, at), code("VALIDATION"));
		assert.throws(() => decideUpdate(aProduct(), { price: { amount: 1, currency: "XQZ" } }, by("sal")), code("VALIDATION"));
	});

	it("changes only what differs, and the search key with the name", () => {
		assert.equal(decideUpdate(aProduct(), { name: "Nasi Lemak", price: { ...price } }, by("sal")), null);
		assert.deepEqual(decideUpdate(aProduct(), { name: "Mee", stock: 3 }, by("sal", [1]))?.set, {
			name: "Mee",
			nameKey: "mee p1",
			stock: 3,
		});
	});

	it("is changed by its seller alone, and by who saw the version", () => {
		assert.throws(() => decideUpdate(aProduct(), { stock: 1 }, by("sid")), code("NOT_FOUND"));
		assert.throws(() => decideUpdate(aProduct(), { stock: 1 }, by("sal", [2])), code("VERSION_CONFLICT"));
	});

	it("shows a product as it was offered, whatever became of it", () => {
		const first = aProduct("Nasi Lemak", 5);
		assert.deepEqual(viewAsOffered({ ...first, name: "Other", stock: 1, version: 4 }), productView(first));
		assert.equal("stock" in productView(aProduct()), false);
	});
});

describe("orders: small rules", () => {
	it("decline product 2 unless a method is named", () => {
		assert.equal(defaultPaymentMethod(["1", "2"], "sandbox"), "sandbox_declined");
		assert.equal(defaultPaymentMethod(["1"], "sandbox"), "sandbox_success");
	});

	it("name the method that no provider knows", () => {
		assert.throws(
			() => checkPaymentMethod("bitcoin", "sandbox"),
			(error) => error instanceof DomainError && error.extras.errors?.[0]?.pointer === "/paymentMethod",
		);
		assert.equal(checkPaymentMethod("sandbox_slow", "sandbox"), "sandbox_slow");
	});

	it("take Stripe's payment methods where Stripe charges, and there alone, and none that was not named", () => {
		assert.equal(checkPaymentMethod("pm_1NfSouk", "stripe"), "pm_1NfSouk");
		const isAboutTheMethod = (error: unknown) =>
			error instanceof DomainError && error.code === "VALIDATION" && error.extras.errors?.[0]?.pointer === "/paymentMethod";
		for (const method of ["sandbox_success", "pm_", "card_1", "tok_visa"])
			assert.throws(() => checkPaymentMethod(method, "stripe"), isAboutTheMethod, method);
		assert.throws(() => checkPaymentMethod("pm_1NfSouk", "sandbox"), isAboutTheMethod);
		assert.throws(() => defaultPaymentMethod(["1"], "stripe"), isAboutTheMethod);
	});

	it("ask less and less often, but never wait longer than a restart may take to settle", () => {
		const delays = [0, 1, 2, 3, 40].map((tries) => answerDelay(2_000, tries, "processing"));
		assert.deepEqual(delays, [2_000, 4_000, 8_000, 8_000, 8_000]);
		assert.equal(answerDelay(2_000, 40, "requires_action"), 300_000);
		assert.equal(answerDelay(20_000, 3, "processing"), 20_000);
	});
});
