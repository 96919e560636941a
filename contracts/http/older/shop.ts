import Type, { type Static } from "typebox";
import { Id, IdParams, Time } from "../common.ts";
import type { OwnRefusal, Route } from "../route.ts";
import { Ignored, older, UserId, whyOf } from "./older.ts";

// The paths and bodies of the first web shop: an order is one piece of one product, and `ok` says whether it went well.

export const shopOrderStatuses = ["Processing", "Success", "Declined", "Cancelled"] as const;
export type ShopOrderStatus = (typeof shopOrderStatuses)[number];
export const shopPaymentStatuses = ["Processing", "Success", "Declined", "Refunded"] as const;
export type ShopPaymentStatus = (typeof shopPaymentStatuses)[number];

const OrderStatus = Type.Enum([...shopOrderStatuses]);

export const ShopOrder = Type.Object(
	{
		id: Id,
		userId: Id,
		productId: Id,
		productName: Type.String({ description: "Of several products the first one's, and how many more there are" }),
		totalOrderAmount: Type.String({ description: "RM 99, RM 99.50, EUR 25.99" }),
		orderStatus: OrderStatus,
		paymentStatus: Type.Enum([...shopPaymentStatuses]),
		created_at: Time,
		updated_at: Time,
	},
	{ $id: "ShopOrder" },
);
export type ShopOrder = Static<typeof ShopOrder>;

const ok = Type.Literal(true);
const notOk = Type.Literal(false);

const notPlaced: OwnRefusal = {
	schema: Type.Object({ ok: notOk, created: Type.Null(), payment: Type.String({ description: "Why" }) }),
	of: (problem) => ({ ok: false, created: null, payment: whyOf(problem) }),
};
const notUpdated: OwnRefusal = {
	schema: Type.Object({ ok: notOk, message: Type.String({ description: "Why" }) }),
	of: (problem) => ({ ok: false, message: whyOf(problem) }),
};
const notFound: OwnRefusal = { schema: Type.Object({ ok: notOk }), of: () => ({ ok: false }) };

const read = { ...older, method: "GET", auth: "user", status: 200, refused: notFound, errors: ["NOT_FOUND"] } as const;

export const olderShopRoutes: readonly Route[] = [
	{
		...older,
		method: "POST",
		path: "/orders",
		action: "gateway.placeShopOrder",
		summary: "Order one piece of a product",
		description: "Price, status and time are the server's; those in the body are ignored. Better: `POST /v1/orders`.",
		auth: ["buyer"],
		body: Type.Object({
			userId: UserId,
			productId: Type.String({ minLength: 1, maxLength: 200 }),
			productName: Ignored,
			totalOrderAmount: Ignored,
			orderStatus: Ignored,
			createdAt: Ignored,
		}),
		status: 201,
		answer: Type.Object({ ok, created: Type.Object({ id: Id }), payment: Type.String() }),
		idempotent: true,
		refused: notPlaced,
		errors: ["NOT_FOUND", "UNKNOWN_PRODUCT", "OUT_OF_STOCK", "CUSTOMER_NOT_FOUND"],
	},
	{
		...older,
		method: "PUT",
		path: "/orders",
		action: "gateway.updateShopOrder",
		summary: "Cancel an order, or confirm its payment",
		description:
			"`Cancelled` cancels. `Confirm` confirms a payment that waits for the buyer, and changes nothing on a paid order. Better: `POST /v1/orders/:id/cancel`, `POST /v1/payments/:id/confirm`.",
		auth: "user",
		body: Type.Object({ orderId: Type.String(), orderStatus: Type.String({ description: "Cancelled or Confirm" }) }),
		status: 200,
		answer: Type.Object({ ok, message: Type.String() }),
		refused: notUpdated,
		errors: ["NOT_FOUND", "TRANSITION_REFUSED", "UNKNOWN_STATUS"],
	},
	{
		...read,
		path: "/orders/one/:id",
		action: "gateway.shopOrder",
		summary: "An order of mine",
		description: "Better: `GET /v1/orders/:id`.",
		params: IdParams,
		answer: Type.Object({ ok, order: ShopOrder }),
	},
	{
		...read,
		path: "/orders/status/:id",
		action: "gateway.shopOrderStatus",
		summary: "Its status",
		description: "Better: `GET /v1/orders/:id/status`.",
		params: IdParams,
		answer: Type.Object({ ok, orderStatus: OrderStatus }),
	},
	{
		...read,
		path: "/orders/:userId",
		action: "gateway.shopOrders",
		summary: "What I ordered, newest first",
		description: "At most the newest 1,000. Better, page by page: `GET /v1/orders?role=buyer`.",
		params: Type.Object({ userId: Id }),
		answer: Type.Object({ ok, orders: Type.Array(ShopOrder) }),
	},
];
