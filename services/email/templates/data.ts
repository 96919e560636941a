import Type, { type Static } from "typebox";
import { Time } from "../../../contracts/http/common.ts";
import { Money } from "../../../contracts/money.ts";

// What each template is given. It stands in the mail's document, so it is JSON, and it holds nothing secret: tokens are asked for when
// the mail is sent.

const text = Type.String();
const filled = Type.String({ minLength: 1 });
const optionalText = Type.Optional(text);

const order = { orderId: filled, code: filled, productName: filled, amount: Money };
const items = Type.Immutable(
	Type.Array(Type.Object({ name: filled, quantity: Type.Integer({ minimum: 1 }), total: Money }), { minItems: 1 }),
);

export const ChatItem = Type.Object({
	/** Of the event, so that it is gathered once. */
	eventId: filled,
	streamId: filled,
	messageId: filled,
	seq: Type.Integer({ minimum: 1 }),
	senderId: filled,
	senderName: optionalText,
	content: text,
	at: Time,
});
export type ChatItem = Static<typeof ChatItem>;

export const templateData = {
	/** To the shop owner. */
	purchase: Type.Object({ ...order, items }),
	"order-paid": Type.Object({ ...order, items }),
	"order-declined": Type.Object({ ...order, declineCode: text }),
	"order-cancelled": Type.Object({ ...order, byBuyer: Type.Boolean(), reason: optionalText }),
	"order-expired": Type.Object(order),
	"order-shipped": Type.Object({ ...order, carrier: filled, trackingNumber: filled, estimatedDelivery: optionalText }),
	"order-delivered": Type.Object({ ...order, trackingNumber: text }),
	refunded: Type.Object({
		orderId: filled,
		productName: optionalText,
		refunded: Money,
		amount: Money,
		refundedTotal: Money,
		reason: optionalText,
	}),
	"payment-reminder": Type.Object({
		orderId: filled,
		productName: text,
		amount: Money,
		dueDate: Time,
		daysOverdue: Type.Integer({ minimum: 0 }),
	}),
	"unread-chat": ChatItem,
	"chat-digest": Type.Object({
		period: Type.Enum(["hourly", "daily"]),
		/** In the order in which they were written. */
		items: Type.Immutable(Type.Array(ChatItem, { minItems: 1 })),
		/** There were more than are kept. */
		more: Type.Boolean(),
	}),
	welcome: Type.Object({}),
	verification: Type.Object({}),
	"password-reset": Type.Object({ requestId: filled }),
	"password-changed": Type.Object({ at: Time }),
} as const;

export type TemplateName = keyof typeof templateData;
export type TemplateData = { [T in TemplateName]: Static<(typeof templateData)[T]> };
export const templateNames = Object.keys(templateData) as readonly TemplateName[]; // its own keys

export const isTemplate = (name: string): name is TemplateName => Object.hasOwn(templateData, name);
