import type { OutboxEvent } from "../port.ts";

// Names that operators and other programs see.

export interface Names {
	readonly eventsStream: string;
	readonly deadStream: string;
	readonly intakeStream: string;
	readonly eventsSubjects: readonly string[];
	readonly deadSubjects: readonly string[];
	readonly intakeSubjects: readonly string[];
	event(type: string): string;
	/** What other systems put on the bus. */
	documents(kind: string): string;
	/** A second chance for a dead letter, for its group only. */
	retry(group: string, type: string): string;
	retriesOf(group: string): string;
	dead(group: string): string;
}

export const namesOf = (prefix: string): Names => ({
	eventsStream: `${prefix.toUpperCase()}_EVENTS`,
	deadStream: `${prefix.toUpperCase()}_DEAD`,
	intakeStream: `${prefix.toUpperCase()}_INTAKE`,
	eventsSubjects: [`${prefix}.events.>`, `${prefix}.retry.>`],
	deadSubjects: [`${prefix}.dead.>`],
	intakeSubjects: [`${prefix}.intake.>`],
	documents: (kind) => `${prefix}.intake.${kind}`,
	event: (type) => `${prefix}.events.${type}`,
	retry: (group, type) => `${prefix}.retry.${group}.${type}`,
	retriesOf: (group) => `${prefix}.retry.${group}.>`,
	dead: (group) => `${prefix}.dead.${group}`,
});

export const messageIdHeader = "Nats-Msg-Id";

/**
 * `Nats-Msg-Id` of an event. When the stream has lost it the event goes out again under another message id, since the server may
 * still refuse the first as a duplicate. It is made from the mark, so that two sweepers at once choose the same.
 */
export const messageIdOf = (event: Pick<OutboxEvent, "id" | "published">): string =>
	event.published ? `${event.id}#${event.published.at}` : event.id;

/** Whether the message carries this event, under whichever message id. */
export const carries = (messageId: string, eventId: string): boolean =>
	messageId === eventId || messageId.startsWith(`${eventId}#`);
