import type { DomainEvent, EventType } from "../../contracts/events.ts";
import { exponentOf, type Money } from "../../contracts/money.ts";
import type { NotificationBody } from "../../contracts/notifications.ts";
import { productNameOf } from "../../contracts/product-name.ts";

// Who is told of what, and in which words. All of it follows from the event alone, so that one that comes again says the same again.

export interface Telling {
	userId: string;
	body: NotificationBody;
}

type Body<K extends NotificationBody["notification_type"]> = Extract<NotificationBody, { notification_type: K }>;
type Purchase = Body<"purchase_notification">;

/** What events about an order have in common. */
type OrderEvent = DomainEvent<
	| "order.placed"
	| "order.paid"
	| "order.payment_declined"
	| "order.cancelled"
	| "order.expired"
	| "order.shipped"
	| "order.tracking_updated"
	| "order.delivered"
>;
type OrderType = OrderEvent["type"];

/** Each person once, though some buy from themselves: what stands first wins. */
const once = (tellings: readonly Telling[]): Telling[] =>
	[...new Map([...tellings].reverse().map((telling) => [telling.userId, telling])).values()].reverse();

const toEach = (userIds: readonly string[], body: NotificationBody): Telling[] => userIds.map((userId) => ({ userId, body }));

const textOf = ({ amount, currency }: Money): string => {
	const exponent = exponentOf(currency);
	return `${currency} ${(amount / 10 ** exponent).toFixed(exponent)}`;
};

const announcement = ({ time, data }: DomainEvent<"order.placed">): NotificationBody => ({
	notification_type: "announcement",
	timestamp: time,
	payload: {
		topic: "order-created",
		title: "Your order was placed",
		description: `Order ${data.code}: ${productNameOf(data.items)} for ${textOf(data.total)}.`,
		link: `/app/orders/${data.orderId}`,
	},
});

const purchase = ({ time, data }: DomainEvent<OrderType>, status: Purchase["payload"]["status"]): NotificationBody => ({
	notification_type: "purchase_notification",
	timestamp: time,
	payload: {
		order_id: data.orderId,
		buyer_id: data.buyerId,
		shop_owner_id: data.sellerId,
		product_name: productNameOf(data.items),
		...data.total,
		status,
		purchased_at: data.createdAt,
	},
});

const parties = ({ buyerId, sellerId }: { buyerId: string; sellerId: string }): string[] => [buyerId, sellerId];

/** Events of nodes of an older version name neither the product nor the time of the order. */
const refund = ({ time, data }: DomainEvent<"payment.refunded">): NotificationBody => ({
	notification_type: "purchase_notification",
	timestamp: time,
	payload: {
		order_id: data.orderId,
		buyer_id: data.buyerId,
		shop_owner_id: data.sellerId,
		product_name: data.productName ?? "",
		...data.refunded,
		status: "refunded",
		purchased_at: data.purchasedAt ?? time,
	},
});

/** What was declined is due at once. */
const declined = ({ time, data }: DomainEvent<"order.payment_declined">): NotificationBody => ({
	notification_type: "payment_reminder_notification",
	timestamp: time,
	payload: {
		order_id: data.orderId,
		...data.total,
		due_date: time,
		days_overdue: 0,
		message: `Your payment of ${textOf(data.total)} for ${productNameOf(data.items)} was declined.`,
	},
});

const reminder = ({ time, data }: DomainEvent<"payment.reminder_due">): NotificationBody => ({
	notification_type: "payment_reminder_notification",
	timestamp: time,
	payload: {
		order_id: data.orderId,
		...data.amount,
		due_date: data.dueDate,
		days_overdue: data.daysOverdue,
		message: data.message,
	},
});

interface Shipment {
	trackingNumber: string;
	status: string;
	location?: string | undefined;
	estimatedDelivery?: string | undefined;
}

const shipping = (
	{ time, data }: DomainEvent<OrderType>,
	{ trackingNumber, status, location, estimatedDelivery }: Shipment,
): NotificationBody => ({
	notification_type: "shipping_update_notification",
	timestamp: time,
	payload: {
		order_id: data.orderId,
		tracking_number: trackingNumber,
		status,
		...(location !== undefined && { location }),
		...(estimatedDelivery !== undefined && { estimated_delivery: estimatedDelivery }),
		updated_at: time,
	},
});

const nameless = "Somebody";

/** `senderName`: where the event does not say it. */
export const chatNotification = (
	{ time, data }: DomainEvent<"chat.message_posted">,
	senderName: string = nameless,
): NotificationBody => ({
	notification_type: "chat_notification",
	timestamp: time,
	payload: {
		stream_id: data.streamId,
		message_id: data.messageId,
		sender_id: data.senderId,
		sender_name: data.senderName ?? senderName,
		content: data.content,
	},
});

type Teller<T extends EventType> = (event: DomainEvent<T>) => Telling[];

/** By type of event. Messages are not in it: who is told of them has to be asked. */
const table = {
	"order.placed": (event) => [
		{ userId: event.data.buyerId, body: announcement(event) },
		{ userId: event.data.sellerId, body: purchase(event, "placed") },
	],
	"order.paid": (event) => toEach(parties(event.data), purchase(event, "paid")),
	"order.cancelled": (event) =>
		toEach(
			parties(event.data).filter((id) => id !== event.data.by),
			purchase(event, "cancelled"),
		),
	"order.expired": (event) => toEach(parties(event.data), purchase(event, "expired")),
	"payment.refunded": (event) =>
		toEach(
			parties(event.data).filter((id) => id !== event.data.by),
			refund(event),
		),
	"order.payment_declined": (event) => toEach([event.data.buyerId], declined(event)),
	"payment.reminder_due": (event) => toEach([event.data.buyerId], reminder(event)),
	"order.shipped": (event) => toEach([event.data.buyerId], shipping(event, { ...event.data, status: "in_transit" })),
	"order.tracking_updated": (event) => toEach([event.data.buyerId], shipping(event, event.data)),
	"order.delivered": (event) => toEach([event.data.buyerId], shipping(event, { ...event.data, status: "delivered" })),
} as const satisfies { readonly [T in EventType]?: Teller<T> };

export type ToldType = keyof typeof table;

export const toldTypes = Object.keys(table) as readonly ToldType[]; // its own keys

export const tellingsOf = (event: DomainEvent<ToldType>): Telling[] => once((table[event.type] as Teller<ToldType>)(event));
