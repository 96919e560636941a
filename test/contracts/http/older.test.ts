import assert from "node:assert/strict";
import { toProblem } from "../../../contracts/errors.ts";
import { whyOf } from "../../../contracts/http/older/older.ts";
import { olderShopRoutes } from "../../../contracts/http/older/shop.ts";

const refusedBy = (method: string, path: string) =>
	olderShopRoutes.find((route) => route.method === method && route.path === path)?.refused;

describe("A refusal in the words of older clients", () => {
	it("is the detail, or what is wrong with each field", () => {
		assert.equal(whyOf({ detail: "it was shipped" }), "it was shipped");
		const errors = [
			{ pointer: "/productId", detail: "is required" },
			{ pointer: "/items/0/quantity", detail: "must be 1" },
			{ pointer: "", detail: "must be an object" },
		];
		assert.equal(whyOf({ detail: "not valid", errors }), "productId: is required; quantity: must be 1; must be an object");
	});

	it("has the members that each of their paths had", () => {
		const problem = toProblem("NOT_FOUND", "r1", "no such thing");
		assert.deepEqual(refusedBy("POST", "/orders")?.of(problem), { ok: false, created: null, payment: "no such thing" });
		assert.deepEqual(refusedBy("PUT", "/orders")?.of(problem), { ok: false, message: "no such thing" });
		for (const path of ["/orders/one/:id", "/orders/status/:id", "/orders/:userId"]) {
			assert.deepEqual(refusedBy("GET", path)?.of(problem), { ok: false });
		}
	});
});
