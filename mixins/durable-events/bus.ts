import type { DomainEvent } from "../../contracts/events.ts";
import type { LeaseDocument } from "../lease/lease.ts";
import type { Collection, Document } from "../store/port.ts";
import type { DeadLetter, DeadLetters, DocumentSubscription, GroupHealth, OutboxEvent, Subscription } from "./port.ts";

// What the mixin asks of a bus. One per broker: current-bus.ts.

/** The part of an entity that the bus knows: see mixins/store/versioned.ts. */
export interface OutboxEntity extends Document {
	version?: number;
	outbox?: OutboxEvent[];
	/** Epoch ms: when the sweeper should look at the outbox; absent when it is empty. */
	outboxAt?: number;
}

/** A collection whose entities carry events. */
export interface OutboxSource {
	readonly collection: Collection<OutboxEntity>;
	readonly records: RecordStore;
}

/**
 * What the bus keeps for a service, in a collection of that service (`<service>_inbox`). `_id` is `<group>:<event id>`, or
 * `checkpoint:<collection>`.
 */
export interface BusRecord extends Document {
	/** `done` and `dead` events are not handled again. `waiting`: embedded only, a try failed and another is due. */
	state: "done" | "dead" | "waiting" | "checkpoint";
	/** Epoch ms; swept after it. */
	expiresAt?: number;
	/** Of `waiting`: deliveries so far, when the first was, when the next is due (epoch ms), and what went wrong. */
	tries?: number;
	firstAt?: string;
	dueAt?: number;
	error?: string;
	/** Of `waiting` after a retry from the dead letters: the event itself, since it has left its outbox. */
	event?: DomainEvent;
	/** Of `dead`, embedded only: the dead letter until it is retried or dropped, and when it came (epoch ms). */
	letter?: Omit<DeadLetter, "id">;
	deadAt?: number;
	/** Of `checkpoint`: the message that was last seen at `seq` of `stream`. */
	stream?: string;
	seq?: number;
	message?: string;
}

/** The collections of one service that belong to the bus. */
export interface RecordStore {
	readonly service: string;
	readonly inbox: Collection<BusRecord>;
	readonly leases: Collection<LeaseDocument>;
}

export interface Bus {
	/** Events can be put on the bus right now. */
	readonly connected: boolean;
	readonly deadLetters: DeadLetters;
	/** Every consumer group that this process knows of; in a cluster, those of the other nodes as well. */
	health(): Promise<GroupHealth[]>;

	/** Starts to sweep the collection. Answers how to stop; what is under way is finished. */
	addSource(source: OutboxSource): Promise<() => Promise<void>>;
	/** To be called right after the write that carried the events. Never throws: what cannot be published now is swept later. */
	publish(collection: string, entityId: string, events: readonly OutboxEvent[]): void;
	/**
	 * Whether an event of this type may ever be asked for. False only where that is certain: in one process, once all have subscribed. Then it need not
	 * be written at all, and somebody who writes thousands saves as many updates that would take it away again.
	 */
	wants(type: string): boolean;
	/** Starts to deliver. Answers how to stop: no new deliveries, those in flight are finished (for `fixed.drainMs` at most). */
	subscribe(subscription: Subscription, records: RecordStore): Promise<() => Promise<void>>;
	/** Starts to take documents, as many nodes as do. Answers how to stop, as `subscribe`. */
	subscribeDocuments(subscription: DocumentSubscription): Promise<() => Promise<void>>;
	/** All services of the process have subscribed: embedded, an event that no group wants can only be told from then on. */
	ready(): void;
	/**
	 * Takes what these people (ids of users) said, and what says who they were, out of all that the bus keeps: contracts/personal-data.ts. Outboxes are not
	 * the bus's. Answers how many events there were. Safe to repeat; throws when it could not look through everything.
	 */
	forget(gone: ReadonlySet<string>): Promise<number>;
	close(): Promise<void>;
}

export interface BusLogger {
	debug(...args: unknown[]): void;
	info(...args: unknown[]): void;
	warn(...args: unknown[]): void;
	error(...args: unknown[]): void;
}

export const recordId = (group: string, eventId: string): string => `${group}:${eventId}`;

/** The event as it goes out: without what only the outbox needs. */
export const bareEvent = ({ published: _mark, ...event }: OutboxEvent): DomainEvent => event;
