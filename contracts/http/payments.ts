import Type, { type Static } from "typebox";
import { Money } from "../money.ts";
import { Id, IdParams, Time, Version } from "./common.ts";
import { paymentStatuses } from "./orders.ts";
import type { Route } from "./route.ts";

const Refund = Type.Object({
	id: Id,
	amount: Money,
	reason: Type.Optional(Type.String()),
	status: Type.Enum(["pending", "succeeded", "failed"]),
	at: Time,
});

export const PaymentView = Type.Object(
	{
		id: Id,
		orderId: Id,
		attempt: Type.Integer({ minimum: 1 }),
		status: Type.Enum([...paymentStatuses]),
		amount: Money,
		captured: Money,
		refunded: Money,
		method: Type.String(),
		declineCode: Type.Optional(Type.String()),
		nextAction: Type.Optional(Type.Object({ type: Type.String(), url: Type.String() })),
		refunds: Type.Array(Refund),
		version: Version,
	},
	{ $id: "Payment" },
);
export type PaymentView = Static<typeof PaymentView>;

const moveErrors = [
	"NOT_FOUND",
	"TRANSITION_REFUSED",
	"VERSION_CONFLICT",
	"IDEMPOTENCY_KEY_REUSED",
	"REQUEST_IN_FLIGHT",
] as const;
const tag = "payments";
export const paymentRoutes: readonly Route[] = [
	{
		method: "GET",
		path: "/v1/payments/:id",
		action: "payment.get",
		summary: "A payment of an order of mine",
		tag,
		auth: "user",
		params: IdParams,
		status: 200,
		answer: PaymentView,
		entity: true,
		errors: ["NOT_FOUND"],
	},
	{
		method: "POST",
		path: "/v1/payments/:id/confirm",
		action: "payment.confirm",
		summary: "Confirm a payment that requires action",
		tag,
		auth: "user",
		params: IdParams,
		body: Type.Optional(Type.Object({})),
		status: 200,
		answer: PaymentView,
		entity: true,
		idempotent: true,
		errors: moveErrors,
	},
	{
		method: "POST",
		path: "/v1/payments/:id/refunds",
		action: "payment.refund",
		summary: "Give money back, all that is left if no amount is named",
		tag,
		auth: ["seller", "admin"],
		params: IdParams,
		body: Type.Optional(
			Type.Object({
				amount: Type.Optional(Type.Integer({ minimum: 1, description: "In minor units" })),
				reason: Type.Optional(Type.String({ maxLength: 500 })),
			}),
		),
		status: 201,
		answer: PaymentView,
		entity: true,
		location: "/v1/payments/{id}",
		idempotent: true,
		errors: moveErrors,
	},
	{
		method: "POST",
		path: "/v1/payments/webhooks/:provider",
		action: "payment.webhook",
		summary: "What a provider tells us",
		tag,
		auth: "public",
		description:
			"Signed in `Souk-Signature: t=<unix s>,v1=<hex>` (HMAC-SHA256 of `t.body`), at most 300 s old; from Stripe the same in `Stripe-Signature`. It is stored before the 200; repeats and late ones change nothing.",
		params: Type.Object({ provider: Type.String({ pattern: "^[a-z]{1,20}$" }) }),
		raw: true,
		status: 200,
		answer: Type.Object({ received: Type.Boolean() }),
		errors: ["BAD_SIGNATURE", "NOT_FOUND"],
	},
];
