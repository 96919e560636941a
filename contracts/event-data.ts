import Type, { type Static } from "typebox";
import { roles } from "./call.ts";
import { Time } from "./http/common.ts";
import { Money } from "./money.ts";
import { NotificationBody } from "./notifications.ts";

// What each domain event carries, so that no consumer has to call back. Types and the AsyncAPI document come from here.

const Attempt = Type.Integer({ minimum: 1, description: "Attempts to pay an order count from 1" });
const By = Type.String({ description: "Who did it: a user's id, or a word for what did it by itself" });
const Reason = Type.Optional(Type.String());

export const OrderLine = Type.Object(
	{
		productId: Type.String(),
		name: Type.String(),
		quantity: Type.Integer({ minimum: 1 }),
		unitPrice: Money,
		total: Money,
	},
	{ $id: "OrderLine" },
);
export type OrderLine = Static<typeof OrderLine>;

const order = {
	orderId: Type.String(),
	code: Type.String(),
	buyerId: Type.String(),
	sellerId: Type.String(),
	items: Type.Immutable(Type.Array(OrderLine)),
	total: Money,
	/** The payment attempt that the order waits for, or was settled by. Attempts count from 1. */
	attempt: Attempt,
	paymentId: Type.String(),
	paymentMethod: Type.String(),
	/** When the order was placed. */
	createdAt: Type.String({ format: "date-time", description: "When the order was placed" }),
};

/** What every event about an order tells. */
export const OrderFacts = Type.Object(order, { $id: "OrderFacts" });
export type OrderFacts = Static<typeof OrderFacts>;

const payment = {
	paymentId: Type.String(),
	orderId: Type.String(),
	attempt: Attempt,
	buyerId: Type.String(),
	sellerId: Type.String(),
	amount: Money,
	method: Type.String(),
};

export const PaymentFacts = Type.Object(payment, { $id: "PaymentFacts" });
export type PaymentFacts = Static<typeof PaymentFacts>;

/** A message in a conversation; `subject` is the stream's id. */
export const MessageFacts = Type.Object(
	{
		streamId: Type.String(),
		messageId: Type.String(),
		seq: Type.Integer({ minimum: 1 }),
		senderId: Type.String(),
		senderName: Type.Optional(Type.String({ description: "Left out when it could not be found out" })),
		memberIds: Type.Immutable(Type.Array(Type.String(), { description: "The others, as they were when it was posted" })),
		absentIds: Type.Optional(
			Type.Immutable(
				Type.Array(Type.String(), {
					description: "Those of them who did not follow the stream at that moment; left out by earlier versions",
				}),
			),
		),
		content: Type.String({ description: "The first 200 characters" }),
	},
	{ $id: "MessageFacts" },
);
export type MessageFacts = Static<typeof MessageFacts>;

const mail = {
	mailId: Type.String(),
	userId: Type.String({ description: "Who it is for" }),
	template: Type.String(),
	kind: Type.Union([Type.String(), Type.Null()], {
		description: "What its recipient's preferences call it; null: it obeys none",
	}),
	eventId: Type.String({ description: "Of the event that it tells of" }),
};

const UserFacts = Type.Object({ userId: Type.String() }, { $id: "UserFacts" });

/** When each event happens, and its `data`. */
export const eventTable = {
	"order.placed": { summary: "An order was placed; its payment is due", data: OrderFacts },
	"order.payment_requested": { summary: "The buyer pays again after a decline: the next attempt is due", data: OrderFacts },
	"order.paid": { summary: "An order was paid", data: OrderFacts },
	"order.payment_declined": {
		summary: "The payment of an order was declined",
		data: Type.Object({ ...order, declineCode: Type.String() }),
	},
	"order.cancelled": { summary: "An order was cancelled", data: Type.Object({ ...order, by: By, reason: Reason }) },
	"order.expired": { summary: "Nobody paid in time", data: OrderFacts },
	"order.shipped": {
		summary: "An order left the house",
		data: Type.Object({
			...order,
			carrier: Type.String(),
			trackingNumber: Type.String(),
			estimatedDelivery: Type.Optional(Type.String()),
		}),
	},
	"order.tracking_updated": {
		summary: "News of where a shipment is",
		data: Type.Object({
			...order,
			trackingNumber: Type.String(),
			status: Type.String(),
			location: Type.Optional(Type.String()),
			estimatedDelivery: Type.Optional(Type.String()),
		}),
	},
	"order.delivered": { summary: "An order arrived", data: Type.Object({ ...order, trackingNumber: Type.String() }) },
	"payment.captured": { summary: "The money is there", data: PaymentFacts },
	"payment.declined": {
		summary: "The provider declined a payment",
		data: Type.Object({ ...payment, declineCode: Type.String() }),
	},
	"payment.requires_action": {
		summary: "The buyer has to confirm a payment somewhere else",
		data: Type.Object({ ...payment, nextAction: Type.Object({ type: Type.String(), url: Type.String() }) }),
	},
	"payment.voided": { summary: "A payment will not happen", data: PaymentFacts },
	"payment.refunded": {
		summary: "Money went back",
		data: Type.Object({
			...payment,
			refundId: Type.String(),
			productName: Type.Optional(
				Type.String({ description: "As of `payment.reminder_due`; left out by nodes of an older version" }),
			),
			purchasedAt: Type.Optional(Type.String({ format: "date-time", description: "When the order was placed" })),
			refunded: Money,
			refundedTotal: Money,
			by: By,
			reason: Reason,
		}),
	},
	"payment.reminder_due": {
		summary: "The buyer has to act: at the due date (0 days overdue), and on each of some days after it",
		data: Type.Object({
			...payment,
			productName: Type.String({ description: "Of several products the first one's, and how many more there are" }),
			dueDate: Time,
			daysOverdue: Type.Integer({ minimum: 0 }),
			message: Type.String(),
		}),
	},
	"chat.message_posted": { summary: "Somebody wrote in a conversation; `subject` is its stream", data: MessageFacts },
	"notification.created": {
		summary: "Somebody has a notification; `subject` is their inbox",
		data: Type.Object({
			userId: Type.String(),
			seq: Type.Integer({ minimum: 1, description: "Its place in the inbox" }),
			id: Type.String(),
			body: NotificationBody,
		}),
	},
	"email.sent": { summary: "A mail was taken by the mail server, or written as a file", data: Type.Object(mail) },
	"email.failed": {
		summary: "A mail was given up",
		data: Type.Object({
			...mail,
			status: Type.Enum(["failed", "suppressed"], { description: "suppressed: its address takes no mail" }),
			reason: Type.String(),
		}),
	},
	"user.registered": {
		summary: "Somebody registered",
		data: Type.Object({
			userId: Type.String(),
			email: Type.String(),
			name: Type.String(),
			roles: Type.Immutable(Type.Array(Type.Unsafe<string>(Type.Enum([...roles])))),
		}),
	},
	"user.password_reset_requested": {
		summary: "Somebody asked for a link to set a new password for an account, and the account is there",
		data: Type.Object({ userId: Type.String(), requestId: Type.String() }),
	},
	"user.verification_requested": { summary: "Somebody wants the mail that verifies their address once more", data: UserFacts },
	"user.password_changed": { summary: "Somebody has a new password", data: UserFacts },
	"user.deleted": { summary: "An account is gone", data: UserFacts },
} as const;
