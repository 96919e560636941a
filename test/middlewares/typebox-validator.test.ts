import assert from "node:assert/strict";
import { ServiceBroker } from "moleculer";
import Type from "typebox";
import type { FieldError } from "../../contracts/errors.ts";
import { domainErrors, fromWire } from "../../middlewares/domain-errors.ts";
import { compileCheck } from "../../middlewares/field-errors.ts";
import { TypeBoxValidator, typed } from "../../middlewares/typebox-validator.ts";

const Line = Type.Object({ productId: Type.String({ minLength: 1 }), quantity: Type.Integer({ minimum: 1 }) });
const Order = Type.Object({
	items: Type.Array(Line, { minItems: 1 }),
	note: Type.Optional(Type.String({ maxLength: 3, pattern: "\\S" })),
	email: Type.Optional(Type.String({ format: "email" })),
	at: Type.Optional(Type.String({ format: "date-time" })),
	role: Type.Optional(Type.Union([Type.Literal("buyer"), Type.Literal("seller")])),
	kind: Type.Optional(Type.Enum(["gift", "own"])),
	until: Type.Optional(Type.Union([Type.String(), Type.Null()])),
	"a/b~c": Type.Optional(Type.Integer()),
	limit: Type.Optional(Type.Integer({ default: 20 })),
});

const line = { productId: "1", quantity: 1 };

describe("the TypeBox validator", () => {
	const check = compileCheck(Order);
	const errorsOf = (value: unknown): FieldError[] => check(value) ?? assert.fail("it was found valid");

	it("points at each missing required member by name", () => {
		assert.deepEqual(errorsOf({}), [{ pointer: "/items", detail: "is required" }]);
		assert.deepEqual(errorsOf({ items: [line, {}] }), [
			{ pointer: "/items/1/productId", detail: "is required" },
			{ pointer: "/items/1/quantity", detail: "is required" },
		]);
	});

	it("says one clear sentence a field, with exact pointers", () => {
		const wrong = { items: [{ productId: 1, quantity: 0 }], note: "", email: "x", at: "today", role: "c", kind: "z", until: 3 };
		assert.deepEqual(errorsOf(wrong), [
			{ pointer: "/items/0/productId", detail: "must be string" },
			{ pointer: "/items/0/quantity", detail: "must be >= 1" },
			{ pointer: "/note", detail: "must not be blank" },
			{ pointer: "/email", detail: "must be a valid email" },
			{ pointer: "/at", detail: "must be a valid date-time" },
			{ pointer: "/role", detail: 'must be "buyer" or must be "seller"' },
			{ pointer: "/kind", detail: 'must be one of "gift", "own"' },
			{ pointer: "/until", detail: "must be string or must be null" },
		]);
	});

	it("escapes ~ and / in pointers (RFC 6901)", () => {
		assert.deepEqual(errorsOf({ items: [line], "a/b~c": "x" }), [{ pointer: "/a~1b~0c", detail: "must be integer" }]);
	});

	it("counts characters as Unicode code points", () => {
		assert.equal(check({ items: [line], note: "👍👍👍" }), null);
		assert.equal(errorsOf({ items: [line], note: "👍👍👍👍" })[0]?.pointer, "/note");
	});

	it("says what a value that is no object is", () => {
		for (const value of [null, [], "text"]) assert.deepEqual(errorsOf(value), [{ pointer: "", detail: "must be object" }]);
	});

	it("reports more than eight wrong fields", () => {
		const items = Array.from({ length: 12 }, () => ({ ...line, quantity: 0 }));
		assert.equal(errorsOf({ items }).length, 12);
	});

	describe("in a broker", () => {
		const broker = new ServiceBroker({ logger: false, validator: new TypeBoxValidator(), middlewares: [domainErrors()] });
		broker.createService({
			name: "shop",
			actions: {
				place: { params: typed(Order), handler: (ctx) => ctx.params },
				old: { params: { id: { type: "number", convert: true } }, handler: (ctx) => ctx.params },
			},
		});
		before(() => broker.start());
		after(() => broker.stop());

		it("refuses with VALIDATION, without node or action in it", async () => {
			const error = await broker.call("shop.place", {}).then(
				() => assert.fail("accepted"),
				(thrown: unknown) => thrown,
			);
			const refusal = fromWire(error);
			assert.equal(refusal?.code, "VALIDATION");
			assert.deepEqual(refusal?.extras, { errors: [{ pointer: "/items", detail: "is required" }] });
		});

		it("fills in defaults in a copy, although Moleculer clones the schema", async () => {
			const params = { items: [line] };
			assert.deepEqual(await broker.call("shop.place", params), { items: [line], limit: 20 });
			assert.deepEqual(params, { items: [line] });
		});

		it("leaves rules of fastest-validator to fastest-validator, which Moleculer's own services use", async () => {
			assert.deepEqual(await broker.call("shop.old", { id: "5" }), { id: 5 });
			await assert.rejects(broker.call("shop.old", { id: "x" }), { type: "VALIDATION_ERROR" });
			assert.ok(Array.isArray(await broker.call("$node.list", { withServices: true })));
		});
	});
});
