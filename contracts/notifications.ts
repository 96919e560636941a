import Type, { type Static, type TObject } from "typebox";
import { Time } from "./http/common.ts";

// The bodies of an inbox. Names are those that shops' front ends know, hence the snake case.

const Amount = { amount: Type.Integer({ minimum: 0, description: "In minor units" }), currency: Type.String() };

const kind = <const K extends string, P extends TObject>(notification_type: K, payload: P) =>
	Type.Object({ notification_type: Type.Literal(notification_type), timestamp: Time, payload });

export const Announcement = kind(
	"announcement",
	Type.Object({ topic: Type.String(), title: Type.String(), description: Type.String(), link: Type.String() }),
);

export const PurchaseNotification = kind(
	"purchase_notification",
	Type.Object({
		order_id: Type.String(),
		buyer_id: Type.String(),
		shop_owner_id: Type.String(),
		product_name: Type.String({ description: "Of several products the first one's, and how many more there are" }),
		...Amount,
		status: Type.Enum(["placed", "paid", "cancelled", "expired", "refunded"]),
		purchased_at: Time,
	}),
);

export const PaymentReminder = kind(
	"payment_reminder_notification",
	Type.Object({
		order_id: Type.String(),
		...Amount,
		due_date: Time,
		days_overdue: Type.Integer({ minimum: 0 }),
		message: Type.String(),
	}),
);

export const ShippingUpdate = kind(
	"shipping_update_notification",
	Type.Object({
		order_id: Type.String(),
		tracking_number: Type.String(),
		status: Type.String({ description: "in_transit, delivered, or as the seller told" }),
		location: Type.Optional(Type.String()),
		estimated_delivery: Type.Optional(Type.String()),
		updated_at: Time,
	}),
);

export const ChatNotification = kind(
	"chat_notification",
	Type.Object({
		stream_id: Type.String(),
		message_id: Type.String(),
		sender_id: Type.String(),
		sender_name: Type.String(),
		content: Type.String({ maxLength: 200, description: "The first 200 characters" }),
	}),
);

export const NotificationBody = Type.Union(
	[Announcement, PurchaseNotification, PaymentReminder, ShippingUpdate, ChatNotification],
	{ $id: "Notification" },
);
export type NotificationBody = Static<typeof NotificationBody>;
