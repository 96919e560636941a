import type { DomainEvent, EventType, OrderFacts } from "../../contracts/events.ts";
import { productNameOf } from "../../contracts/product-name.ts";
import type { NotificationKind } from "./kinds.ts";
import type { TemplateData, TemplateName } from "./templates/data.ts";

// Which events are told by mail, to whom, and as what. Whether a mail is sent is decided when it is: by the address, by what the person
// wants, and for chat by whether they have read it meanwhile.

/** `kind`: what it can be turned off by; null: it is about the account, and is always sent. */
export type MailDraft = {
	[T in TemplateName]: { userId: string; template: T; kind: NotificationKind | null; data: TemplateData[T] };
}[TemplateName];

type Table = { readonly [T in EventType]?: (event: DomainEvent<T>) => MailDraft[] };

const orderOf = ({ orderId, code, items, total }: OrderFacts) => ({
	orderId,
	code,
	productName: productNameOf(items),
	amount: total,
});

const linesOf = ({ items }: OrderFacts) => items.map(({ name, quantity, total }) => ({ name, quantity, total }));

const table: Table = {
	"order.placed": ({ data }) => [
		{
			userId: data.sellerId,
			template: "purchase",
			kind: "purchase_notification",
			data: { ...orderOf(data), items: linesOf(data) },
		},
	],
	"order.paid": ({ data }) => [
		{
			userId: data.buyerId,
			template: "order-paid",
			kind: "purchase_notification",
			data: { ...orderOf(data), items: linesOf(data) },
		},
	],
	"order.payment_declined": ({ data }) => [
		{
			userId: data.buyerId,
			template: "order-declined",
			kind: "payment_reminder_notification",
			data: { ...orderOf(data), declineCode: data.declineCode },
		},
	],
	"order.cancelled": ({ data }) => [
		{
			userId: data.buyerId,
			template: "order-cancelled",
			kind: "purchase_notification",
			data: {
				...orderOf(data),
				byBuyer: data.by === data.buyerId,
				...(data.reason === undefined ? {} : { reason: data.reason }),
			},
		},
	],
	"order.expired": ({ data }) => [
		{ userId: data.buyerId, template: "order-expired", kind: "purchase_notification", data: orderOf(data) },
	],
	"order.shipped": ({ data }) => [
		{
			userId: data.buyerId,
			template: "order-shipped",
			kind: "shipping_update_notification",
			data: {
				...orderOf(data),
				carrier: data.carrier,
				trackingNumber: data.trackingNumber,
				...(data.estimatedDelivery === undefined ? {} : { estimatedDelivery: data.estimatedDelivery }),
			},
		},
	],
	"order.delivered": ({ data }) => [
		{
			userId: data.buyerId,
			template: "order-delivered",
			kind: "shipping_update_notification",
			data: { ...orderOf(data), trackingNumber: data.trackingNumber },
		},
	],
	"payment.refunded": ({ data: { buyerId, orderId, productName, refunded, refundedTotal, amount, reason } }) => [
		{
			userId: buyerId,
			template: "refunded",
			kind: "purchase_notification",
			data: {
				...{ orderId, refunded, refundedTotal, amount },
				...(productName === undefined ? {} : { productName }),
				...(reason === undefined ? {} : { reason }),
			},
		},
	],
	"payment.reminder_due": ({ data: { buyerId, orderId, productName, amount, dueDate, daysOverdue } }) => [
		{
			userId: buyerId,
			template: "payment-reminder",
			kind: "payment_reminder_notification",
			data: { orderId, productName, amount, dueDate, daysOverdue },
		},
	],
	/** For whoever of them wants to be told. */
	"chat.message_posted": ({
		id,
		time,
		data: { streamId, messageId, seq, senderId, senderName, memberIds, absentIds, content },
	}) =>
		(absentIds ?? memberIds).map((userId) => ({
			userId,
			template: "unread-chat",
			kind: "chat_notification",
			data: {
				eventId: id,
				streamId,
				messageId,
				seq,
				senderId,
				content,
				at: time,
				...(senderName === undefined ? {} : { senderName }),
			},
		})),
	"user.registered": ({ data: { userId } }) => [{ userId, template: "welcome", kind: null, data: {} }],
	"user.verification_requested": ({ data: { userId } }) => [{ userId, template: "verification", kind: null, data: {} }],
	"user.password_reset_requested": ({ data: { userId, requestId } }) => [
		{ userId, template: "password-reset", kind: null, data: { requestId } },
	],
	"user.password_changed": ({ data: { userId }, time }) => [
		{ userId, template: "password-changed", kind: null, data: { at: time } },
	],
};

/** The events that are told by mail. */
export const mailedEvents = Object.keys(table) as readonly EventType[]; // its own keys

/** The same event always gives the same drafts. */
export const mailsOf = (event: DomainEvent): MailDraft[] => {
	const draft = table[event.type] as ((event: DomainEvent) => MailDraft[]) | undefined; // each entry takes events of its own key
	return draft?.(event) ?? [];
};
