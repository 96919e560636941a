import Type, { type Static } from "typebox";
import { Money } from "../money.ts";
import { Id, IdParams, listQuery, Page, Time, Version } from "./common.ts";
import type { Route } from "./route.ts";

const literals = <const T extends readonly string[]>(words: T) => Type.Enum([...words] as { -readonly [K in keyof T]: T[K] });

export const orderStatuses = ["placed", "paid", "payment_declined", "cancelled", "expired", "shipped", "delivered"] as const;
export type OrderStatus = (typeof orderStatuses)[number];
export const orderActions = ["cancel", "pay", "ship", "tracking", "deliver"] as const;
export type OrderAction = (typeof orderActions)[number];
export const paymentStatuses = [
	"processing",
	"requires_action",
	"authorized",
	"captured",
	"declined",
	"voided",
	"partially_refunded",
	"refunded",
] as const;
export type PaymentStatus = (typeof paymentStatuses)[number];
export const paymentMethods = [
	"sandbox_success",
	"sandbox_declined",
	"sandbox_insufficient_funds",
	"sandbox_requires_action",
	"sandbox_slow",
	"sandbox_unknown_outcome",
] as const;

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: "\\S" });
const PaymentMethod = Type.String({
	minLength: 1,
	maxLength: 64,
	pattern: "^[A-Za-z0-9_]+$",
	description: `In the sandbox one of ${paymentMethods.join(", ")}; with Stripe the id of a payment method (pm_…), which must be named`,
});
const Reason = Type.Optional(Type.String({ maxLength: 500 }));

export const Delivery = Type.Object(
	{
		name: text(100),
		phone: Type.String({ pattern: "^\\+?[0-9]{3,20}$" }),
		zip: text(20),
		city: text(100),
		address: text(200),
		region: text(100),
		email: Type.String({ format: "email", maxLength: 254 }),
	},
	{ $id: "Delivery" },
);
export type Delivery = Static<typeof Delivery>;

/** Opaque to clients: whatever is none of ours is an unknown product, not a malformed one. */
const ProductId = Type.String({ minLength: 1, maxLength: 200 });
const OrderItem = Type.Object({ productId: Id, name: Type.String(), quantity: Type.Integer(), unitPrice: Money, total: Money });
const Tracking = Type.Object({
	status: Type.String(),
	location: Type.Optional(Type.String()),
	estimatedDelivery: Type.Optional(Type.String()),
	at: Time,
});
const HistoryItem = Type.Object({
	from: Type.Union([literals(orderStatuses), Type.Null()]),
	to: literals(orderStatuses),
	event: Type.String(),
	by: Type.String(),
	reason: Type.Optional(Type.String()),
	at: Time,
});

export const OrderView = Type.Object(
	{
		id: Id,
		code: Type.String({ pattern: "^O[0-9]{8,}$" }),
		buyerId: Id,
		sellerId: Id,
		items: Type.Array(OrderItem),
		totals: Type.Object({ goods: Money, delivery: Money, total: Money }),
		delivery: Type.Optional(Delivery),
		shipment: Type.Optional(Type.Object({ carrier: Type.String(), trackingNumber: Type.String() })),
		tracking: Type.Optional(Type.Array(Tracking)),
		status: literals(orderStatuses),
		payment: Type.Object({
			id: Id,
			status: literals(paymentStatuses),
			method: Type.String(),
			declineCode: Type.Optional(Type.String()),
		}),
		allowed: Type.Array(literals(orderActions), { description: "What this caller may do now" }),
		version: Version,
		createdAt: Time,
		updatedAt: Time,
	},
	{ $id: "Order" },
);
export type OrderView = Static<typeof OrderView>;

const moveErrors = [
	"NOT_FOUND",
	"TRANSITION_REFUSED",
	"VERSION_CONFLICT",
	"IDEMPOTENCY_KEY_REUSED",
	"REQUEST_IN_FLIGHT",
] as const;
const move = { params: IdParams, status: 200, answer: OrderView, entity: true, idempotent: true, errors: moveErrors } as const;

const tag = "orders";
export const orderRoutes: readonly Route[] = [
	{
		method: "POST",
		path: "/v1/orders",
		action: "orders.place",
		summary: "Place an order",
		tag,
		auth: ["buyer"],
		description:
			"Answers once the order is stored; it is charged right after. The answer shows it as it was written, so its status is `placed`.",
		body: Type.Object({
			items: Type.Array(Type.Object({ productId: ProductId, quantity: Type.Integer({ minimum: 1, maximum: 999 }) }), {
				minItems: 1,
				maxItems: 100,
			}),
			paymentMethod: Type.Optional(PaymentMethod),
			delivery: Type.Optional(Delivery),
		}),
		status: 201,
		answer: OrderView,
		entity: true,
		location: "/v1/orders/{id}",
		idempotent: true,
		errors: [
			"UNKNOWN_PRODUCT",
			"OUT_OF_STOCK",
			"MIXED_SELLERS",
			"MIXED_CURRENCIES",
			"CUSTOMER_NOT_FOUND",
			"IDEMPOTENCY_KEY_REUSED",
			"REQUEST_IN_FLIGHT",
		],
	},
	{
		method: "GET",
		path: "/v1/orders",
		action: "orders.list",
		summary: "My orders, newest first",
		tag,
		auth: "user",
		query: Type.Object({
			status: Type.Optional(literals(orderStatuses)),
			role: Type.Optional(literals(["buyer", "seller"] as const)),
			...listQuery,
		}),
		status: 200,
		answer: Page(OrderView),
	},
	{
		method: "GET",
		path: "/v1/orders/:id",
		action: "orders.get",
		summary: "An order of mine",
		tag,
		auth: "user",
		params: IdParams,
		status: 200,
		answer: OrderView,
		entity: true,
		errors: ["NOT_FOUND"],
	},
	{
		method: "GET",
		path: "/v1/orders/:id/status",
		action: "orders.status",
		summary: "Its status",
		tag,
		auth: "user",
		params: IdParams,
		status: 200,
		answer: Type.Object({ status: literals(orderStatuses) }),
		errors: ["NOT_FOUND"],
	},
	{
		method: "GET",
		path: "/v1/orders/:id/history",
		action: "orders.history",
		summary: "What happened to it, oldest first",
		tag,
		auth: "user",
		params: IdParams,
		status: 200,
		answer: Type.Object({ items: Type.Array(HistoryItem) }),
		errors: ["NOT_FOUND"],
	},
	{
		method: "POST",
		path: "/v1/orders/:id/cancel",
		action: "orders.cancel",
		summary: "Cancel it; money that was taken goes back",
		tag,
		auth: "user",
		body: Type.Optional(Type.Object({ reason: Reason })),
		...move,
	},
	{
		method: "POST",
		path: "/v1/orders/:id/pay",
		action: "orders.pay",
		summary: "Pay again after a decline",
		tag,
		auth: "user",
		body: Type.Object({ paymentMethod: PaymentMethod }),
		...move,
	},
	{
		method: "POST",
		path: "/v1/orders/:id/ship",
		action: "orders.ship",
		summary: "It left the house",
		tag,
		auth: "user",
		body: Type.Object({
			carrier: text(100),
			trackingNumber: text(100),
			estimatedDelivery: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
		}),
		...move,
	},
	{
		method: "POST",
		path: "/v1/orders/:id/tracking",
		action: "orders.tracking",
		summary: "Where it is",
		tag,
		auth: "user",
		body: Type.Object({
			status: literals(["in_transit", "out_for_delivery"] as const),
			location: Type.Optional(text(200)),
			estimatedDelivery: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
		}),
		...move,
	},
	{
		method: "POST",
		path: "/v1/orders/:id/deliver",
		action: "orders.deliver",
		summary: "It arrived",
		tag,
		auth: "user",
		body: Type.Optional(Type.Object({})),
		...move,
	},
];
