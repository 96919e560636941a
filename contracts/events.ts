import Type, { type Static, type TSchema } from "typebox";
import { eventTable } from "./event-data.ts";
import { Time } from "./http/common.ts";

export type { MessageFacts, OrderFacts, OrderLine, PaymentFacts } from "./event-data.ts";

// Domain events: CloudEvents 1.0 in JSON (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md),
// on JetStream under `<prefix>.events.<type>`. `subject` is the id of the entity that the event is about.

export type EventData = { [T in keyof typeof eventTable]: Static<(typeof eventTable)[T]["data"]> };

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

export const eventTypes = Object.keys(eventTable) as readonly EventType[]; // its own keys

/** The schema of a whole event, as `DomainEvent` has it. */
export const eventSchema = (type: EventType): TSchema =>
	Type.Object({
		specversion: Type.Literal("1.0"),
		id: Type.String({ description: "Unique for ever, the same on every delivery: the key for all deduplication" }),
		source: Type.String({ description: "The service that wrote it, as /souk/<service>" }),
		type: Type.Literal(type),
		subject: Type.String({ description: "The id of the entity that it is about" }),
		time: Time,
		data: eventTable[type].data,
		traceparent: Type.Optional(
			Type.String({
				pattern: "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
				description: "W3C Trace Context: of what it came of",
			}),
		),
		requestid: Type.Optional(Type.String({ description: "The id of the HTTP request that caused it" })),
	});
