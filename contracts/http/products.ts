import Type, { type Static } from "typebox";
import { Money } from "../money.ts";
import { Id, IdParams, listQuery, Page, Version } from "./common.ts";
import type { Route } from "./route.ts";

export const ProductView = Type.Object(
	{
		id: Id,
		sellerId: Id,
		name: Type.String(),
		price: Money,
		stock: Type.Optional(
			Type.Integer({ minimum: 0, description: "Pieces that can be ordered now; absent if they are not counted" }),
		),
		version: Version,
	},
	{ $id: "Product" },
);
export type ProductView = Static<typeof ProductView>;

const PaidMoney = Type.Object({
	amount: Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 }),
	currency: Type.String({ pattern: "^[A-Z]{3}$" }),
});
const Stock = Type.Integer({
	minimum: 0,
	maximum: 1_000_000_000,
	description:
		"Available pieces from now on. Orders take theirs when they are placed and give them back when they are cancelled or expire",
});
const Name = Type.String({ minLength: 1, maxLength: 200, pattern: "\\S" });

const tag = "products";
export const productRoutes: readonly Route[] = [
	{
		method: "GET",
		path: "/v1/products",
		action: "orders.listProducts",
		summary: "The catalogue, newest first; with q the names that begin with it, by name",
		tag,
		auth: "user",
		query: Type.Object({ q: Type.Optional(Type.String({ maxLength: 100 })), ...listQuery }),
		status: 200,
		answer: Page(ProductView),
	},
	{
		method: "GET",
		path: "/v1/products/:id",
		action: "orders.getProduct",
		summary: "A product",
		tag,
		auth: "user",
		params: IdParams,
		status: 200,
		answer: ProductView,
		entity: true,
		errors: ["NOT_FOUND"],
	},
	{
		method: "POST",
		path: "/v1/products",
		action: "orders.addProduct",
		summary: "Offer a product",
		tag,
		auth: ["seller"],
		body: Type.Object({ name: Name, price: PaidMoney, stock: Type.Optional(Stock) }),
		status: 201,
		answer: ProductView,
		entity: true,
		location: "/v1/products/{id}",
		idempotent: true,
		errors: ["IDEMPOTENCY_KEY_REUSED", "REQUEST_IN_FLIGHT"],
	},
	{
		method: "PATCH",
		path: "/v1/products/:id",
		action: "orders.updateProduct",
		summary: "Change a product of mine",
		tag,
		auth: ["seller"],
		params: IdParams,
		body: Type.Object({ name: Type.Optional(Name), price: Type.Optional(PaidMoney), stock: Type.Optional(Stock) }),
		status: 200,
		answer: ProductView,
		entity: true,
		errors: ["NOT_FOUND", "VERSION_CONFLICT"],
	},
];
