import type { DomainEvent } from "../../contracts/events.ts";

// The port between services and whatever carries durable events. Two implementations: local-bus.ts (embedded, in process)
// and jetstream-bus.ts (cluster); test/mixins/durable-events/ runs one suite over both.
//
// Life of an event: it is written into `outbox` of its entity in the same atomic write as the change (mixins/store/versioned.ts),
// handed to `publish` right after, marked or removed in the outbox once the bus has it, and found by the sweeper if the writer died.

/** One event as it stands in `outbox` of the entity that it is about. */
export interface OutboxEvent extends DomainEvent {
	/** Cluster: set by the PubAck. The event leaves the document a while later, when JetStream has surely synced it. */
	published?: { at: number; seq: number; stream: string };
}

/** The `durable` block of an entry of a service's `events:`. Whatever is left out comes from the environment or the default. */
export interface DurableOptions {
	/** Consumer group: every event goes to one node of each group. Default: the service's name. Settings are per group. */
	group?: string;
	/** Deliveries before the event becomes a dead letter. Default `<GROUP>_MAX_TRIES` or 8. */
	tries?: number;
	/** First delay between tries in ms; doubles each time up to a minute, with full jitter. Default `<GROUP>_BACKOFF_MS` or 200. */
	backoffMs?: number;
	/** How long "done" is remembered for (group, event id), in ms. Longer than the stream's max age. Default `<GROUP>_DEDUPE_MS` or 14 days. */
	dedupeMs?: number;
}

export interface GroupPolicy {
	group: string;
	tries: number;
	backoffMs: number;
	dedupeMs: number;
	/** Deliveries that this process works on at the same time. */
	concurrency: number;
}

export interface Delivery {
	event: DomainEvent;
	/** 1 for the first. */
	tries: number;
	/** Of the publish that brought it here, where that was recorded: nearer than the event's own. */
	traceparent?: string;
}

/** Resolves when the work is done. A throw means: again later, or to the dead letters after the last try. */
export type Handle = (delivery: Delivery) => Promise<void>;

export interface Subscription {
	policy: GroupPolicy;
	service: string;
	/** Exact event types, no wildcards. */
	types: readonly string[];
	handle: Handle;
}

/** Why a document is refused for good. */
export interface DocumentRefusal {
	/** Code and words; becomes the dead letter's `error`. */
	reason: string;
	/** What it is about, if that could be read. */
	entity?: string;
	/** The document, if it could be read; else its text is kept. */
	document?: unknown;
}

/** Documents that other systems put on the bus, as text: `<KEY_PREFIX>.intake.<kind>`. Nobody does where the bus is in process. */
export interface DocumentSubscription {
	/** Consumer group, and the name of its dead letters. */
	group: string;
	service: string;
	kind: string;
	/** Of one document; a larger one is refused unseen. */
	maxBytes: number;
	/** One outcome each, in order: null is taken, and durable. May see a document twice. A throw means: again later. */
	take(texts: readonly string[]): Promise<readonly (DocumentRefusal | null)[]>;
}

export interface GroupHealth {
	group: string;
	service: string;
	ok: boolean;
	/** Events that wait for this group, not counting those in flight here; of the change feed seconds. */
	lag: number;
	inFlight: number;
	detail?: string;
}

export interface DeadLetter {
	/** Stable and unique: where it is in the dead letter store. */
	id: string;
	group: string;
	subject: string;
	entity: string;
	eventId: string;
	error: string;
	tries: number;
	firstAt: string;
	lastAt: string;
	event: unknown;
}

export interface DeadLetters {
	/** Newest first. */
	list(options: { group?: string; limit: number; cursor?: string }): Promise<{ items: DeadLetter[]; nextCursor: string | null }>;
	get(id: string): Promise<DeadLetter | null>;
	/** Hands it to its group again (only to that one) and takes it off the list; false if it is not there. */
	retry(id: string): Promise<boolean>;
	drop(id: string): Promise<boolean>;
	/** When the oldest came, epoch ms; null: there is none. */
	oldest(): Promise<number | null>;
	/** Drops those that came before (epoch ms), the oldest first and `limit` at most. Answers how many. */
	dropBefore(before: number, limit: number): Promise<number>;
}
