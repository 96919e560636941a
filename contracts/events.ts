import type { Money } from "./money.ts";

// Domain events: CloudEvents 1.0 in JSON (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md),
// on JetStream under `<prefix>.events.<type>`. `subject` is the id of the entity that the event is about.

export interface OrderLine {
	productId: string;
	name: string;
	quantity: number;
	unitPrice: Money;
	total: Money;
}

/** What every event about an order tells, so that no consumer has to call back. */
export interface OrderFacts {
	orderId: string;
	code: string;
	buyerId: string;
	sellerId: string;
	items: readonly OrderLine[];
	total: Money;
	/** The payment attempt that the order waits for, or was settled by. Attempts count from 1. */
	attempt: number;
	paymentId: string;
	paymentMethod: string;
	/** When the order was placed. */
	createdAt: string;
}

export interface PaymentFacts {
	paymentId: string;
	orderId: string;
	attempt: number;
	buyerId: string;
	sellerId: string;
	amount: Money;
	method: string;
}

export interface EventData {
	"order.placed": OrderFacts;
	/** The buyer pays again after a decline: the next attempt is due. */
	"order.payment_requested": OrderFacts;
	"order.paid": OrderFacts;
	"order.payment_declined": OrderFacts & { declineCode: string };
	"order.cancelled": OrderFacts & { by: string; reason?: string };
	"order.expired": OrderFacts;
	"order.shipped": OrderFacts & { carrier: string; trackingNumber: string; estimatedDelivery?: string };
	"order.tracking_updated": OrderFacts & {
		trackingNumber: string;
		status: string;
		location?: string;
		estimatedDelivery?: string;
	};
	"order.delivered": OrderFacts & { trackingNumber: string };
	"payment.captured": PaymentFacts;
	"payment.declined": PaymentFacts & { declineCode: string };
	"payment.requires_action": PaymentFacts & { nextAction: { type: string; url: string } };
	"payment.voided": PaymentFacts;
	"payment.refunded": PaymentFacts & { refundId: string; refunded: Money; refundedTotal: Money; by: string; reason?: string };
	/** The buyer has to act: at the due date (0 days overdue), and on each of some days after it. */
	"payment.reminder_due": PaymentFacts & {
		/** Of several products the first one's, and how many more there are. */
		productName: string;
		/** ISO 8601. */
		dueDate: string;
		daysOverdue: number;
		message: string;
	};
	"user.registered": { userId: string; email: string; name: string; roles: readonly string[] };
	"user.password_changed": { userId: string };
	"user.deleted": { userId: string };
}

export type EventType = keyof EventData;

export interface DomainEvent<T extends EventType = EventType> {
	specversion: "1.0";
	/** Unique for ever, the same on every delivery: the key for all deduplication. */
	id: string;
	/** The service that wrote it, as `/souk/<service>`. */
	source: string;
	type: T;
	subject: string;
	/** ISO 8601, UTC. */
	time: string;
	data: EventData[T];
	/** W3C Trace Context, as the CloudEvents distributed tracing extension has it. */
	traceparent?: string;
	/** The id of the HTTP request that caused it, for the logs. */
	requestid?: string;
}

/** What the domain hands to the store: the rest of the envelope is added by the write that carries it. */
export type EventDraft = { [T in EventType]: { type: T; subject: string; data: EventData[T] } }[EventType];

export const eventTypes = [
	"order.placed",
	"order.payment_requested",
	"order.paid",
	"order.payment_declined",
	"order.cancelled",
	"order.expired",
	"order.shipped",
	"order.tracking_updated",
	"order.delivered",
	"payment.captured",
	"payment.declined",
	"payment.requires_action",
	"payment.voided",
	"payment.refunded",
	"payment.reminder_due",
	"user.registered",
	"user.password_changed",
	"user.deleted",
] as const satisfies readonly EventType[];
