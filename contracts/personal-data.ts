import type { DomainEvent, EventType } from "./events.ts";

// Whose name and words an event carries, beside ids that name nobody once an account is gone. It says what of an event may stay when it
// is: docs/decisions/0030-retention-and-erasure.md

type Gone = ReadonlySet<string>;

/** What is left: the same, another with less in it, or null, where nobody has a use for it any more. */
type Remains<T extends EventType> = (event: DomainEvent<T>, gone: Gone) => DomainEvent<T> | null;

const withoutReason = <T extends "order.cancelled" | "payment.refunded">(event: DomainEvent<T>, gone: Gone): DomainEvent<T> => {
	const { reason, ...data } = event.data as { by: string; reason?: string };
	return reason === undefined || !gone.has(data.by) ? event : ({ ...event, data } as DomainEvent<T>);
};

const table = {
	"user.registered": (event, gone) => (gone.has(event.data.userId) ? null : event),
	"chat.message_posted": (event, gone) => (gone.has(event.data.senderId) ? null : event),
	"notification.created": (event, gone) => {
		const { userId, body } = event.data;
		const quoted = body.notification_type === "chat_notification" ? body.payload.sender_id : userId;
		return gone.has(userId) || gone.has(quoted) ? null : event;
	},
	// What a mail server said may have the address in it.
	"email.failed": (event, gone) => (gone.has(event.data.userId) ? null : event),
	"order.cancelled": withoutReason,
	"payment.refunded": withoutReason,
} as const satisfies { readonly [T in EventType]?: Remains<T> };

/** The types of events in which there may be something of somebody. */
export const personalTypes = Object.keys(table) as readonly EventType[]; // its own keys

const isPersonal = (type: string): type is keyof typeof table => Object.hasOwn(table, type);

/** Answers the very same event if there is nothing of these people in it. */
export const withoutPeople = (event: DomainEvent, gone: Gone): DomainEvent | null =>
	isPersonal(event.type) ? (table[event.type] as Remains<EventType>)(event, gone) : event;
