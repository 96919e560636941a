import Type, { type Static } from "typebox";
import { IntakeDocument } from "../../intake.ts";
import { Id, IdParams, Time } from "../common.ts";
import type { Route } from "../route.ts";
import { older, UserId } from "./older.ts";

// The paths and bodies of the order service for customers: orders with several lines, and amounts as decimal numbers.

export const customerOrderStatuses = ["pending", "paid", "shipped", "cancelled"] as const;
export type CustomerOrderStatus = (typeof customerOrderStatuses)[number];

const Amount = Type.Number({ minimum: 0, description: "In major units of the currency: 99.5 is RM 99.50" });

export const CustomerOrder = Type.Object(
	{
		orderId: Id,
		orderCode: Type.String(),
		userId: Id,
		items: Type.Array(Type.Object({ productId: Id, name: Type.String(), quantity: Type.Integer(), price: Amount })),
		totalAmount: Amount,
		currency: Type.String({ description: "ISO 4217 code" }),
		status: Type.Enum([...customerOrderStatuses]),
		createdAt: Time,
	},
	{ $id: "CustomerOrder" },
);
export type CustomerOrder = Static<typeof CustomerOrder>;

export const Customer = Type.Object({ id: Id, name: Type.String(), email: Type.String() }, { $id: "Customer" });
export type Customer = Static<typeof Customer>;

export const olderCustomerRoutes: readonly Route[] = [
	{
		...older,
		method: "POST",
		path: "/order",
		action: "gateway.placeCustomerOrder",
		summary: "Place an order",
		description: "Better: `POST /v1/orders`.",
		auth: ["buyer"],
		body: Type.Object({
			userId: UserId,
			items: Type.Array(
				Type.Object({
					productId: Type.String({ minLength: 1, maxLength: 200 }),
					quantity: Type.Integer({ minimum: 1, maximum: 999 }),
				}),
				{ minItems: 1, maxItems: 100 },
			),
		}),
		status: 201,
		answer: CustomerOrder,
		location: "/order/{orderId}",
		idempotent: true,
		errors: ["NOT_FOUND", "UNKNOWN_PRODUCT", "OUT_OF_STOCK", "MIXED_SELLERS", "MIXED_CURRENCIES", "CUSTOMER_NOT_FOUND"],
	},
	{
		...older,
		method: "GET",
		path: "/order/:id",
		action: "gateway.customerOrder",
		summary: "An order of mine, or an order document as it was handed in",
		description:
			"An order that is the caller's to see; else the document of the intake with that order_uid: for admins, for programs with the scope intake, and for whoever's id is its customer_id. Better for orders: `GET /v1/orders/:id`.",
		auth: "user",
		scopes: ["intake"],
		params: IdParams,
		status: 200,
		answer: Type.Union([CustomerOrder, IntakeDocument]),
		errors: ["NOT_FOUND"],
	},
	{
		...older,
		method: "GET",
		path: "/user/:id/orders",
		action: "gateway.customerOrders",
		summary: "What I ordered, newest first",
		description: "At most the newest 1,000. Better, page by page: `GET /v1/orders?role=buyer`.",
		auth: "user",
		params: IdParams,
		query: Type.Object({ status: Type.Optional(Type.Enum([...customerOrderStatuses])) }),
		status: 200,
		answer: Type.Object({ orders: Type.Array(CustomerOrder), count: Type.Integer({ description: "How many those are" }) }),
		errors: ["NOT_FOUND"],
	},
	{
		...older,
		method: "GET",
		path: "/customers/:id",
		action: "gateway.customer",
		summary: "Myself",
		description: "Better: `GET /v1/auth/me`.",
		auth: "user",
		params: IdParams,
		status: 200,
		answer: Customer,
		errors: ["NOT_FOUND"],
	},
];
