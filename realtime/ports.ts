import type { CountersMessage, PresenceMessage, ReadyMessage } from "../contracts/stream-messages.ts";
import type { Entry } from "./entry.ts";
import type { Draft, Origin, StreamLog } from "./log.ts";

// What the engine needs of its surroundings. It has no clock, no timers, no random and no socket of its own.

export interface Timers {
	/** Milliseconds since 1970. */
	now(): number;
	/** Runs once after `ms`; the answer cancels it. */
	after(ms: number, run: () => void): () => void;
	/** Runs after the input that has arrived by now was taken in (`setImmediate`): posts that came together leave together. */
	soon(run: () => void): void;
}

/** In [0, 1). */
export type Random = () => number;

/** Makes of an event and its payload what a sink takes. A frame is written to many sinks and never changed. */
export interface Encoder<Frame> {
	encode(event: string, payload: unknown): Frame;
}

export type EndReason = "moved" | "problem";

/** The way to one follower. Its methods do not call back into the engine before they return. */
export interface Sink<Frame> {
	/** Accepts the frame in any case; bounds are kept by the engine, which asks `queued` before it writes. */
	write(frame: Frame): void;
	/**
	 * Bytes that were accepted and have not left for the network, whoever wrote them: acks and answers to history count too. Whenever
	 * it falls to 0 the owner of the sink calls `drained()` of the follower.
	 */
	readonly queued: number;
	/** Stop reading what the client sends, until `resume`: it asks for more than it takes. */
	pause(): void;
	resume(): void;
	/**
	 * Nothing more will be written; not called after `leave()`. `moved`: the client comes back by itself, close what is left of the
	 * connection after a while. `problem`: close it when what was written has left.
	 */
	end(why: EndReason): void;
}

/** Asked in every round of the backstop and by `recheck`; answered from what this node knows of the ring. */
export interface Ownership {
	owns(stream: string): boolean;
}

/**
 * Who may follow, as it is stored now (it may answer from memory if the stored version is still the one it knows). Null: there is no such
 * stream. It throws when that cannot be found out.
 */
export interface Membership {
	of(stream: string): Promise<{ has(userId: string): boolean } | null>;
}

/** What `ready` says and the engine does not know. `presence`: of members who are not here; the engine's own rows win. */
export interface Greeting {
	members: ReadyMessage["members"];
	reads: ReadyMessage["reads"];
	presence?: readonly PresenceMessage[];
	counters?: CountersMessage;
}

/** Asked once per attach, before the position is looked at. What it throws refuses the attach. */
export type Greeter = (stream: string, userId: string) => Promise<Greeting>;

/**
 * Told what happened, in order within a stream; must return at once and not throw. Counters and outboxes hang on these; since the process may die before
 * any of them, `activated` is where to make up for it.
 */
export interface Observer {
	activated?(stream: string, tail: number): void;
	/** The stream has new entries here, whoever wrote them. */
	advanced?(stream: string, tail: number): void;
	/** These are in the log, by this node's own write. */
	committed?(stream: string, drafts: readonly Draft[]): void;
	/** A post was answered with what the log had already. */
	repeated?(stream: string, entry: Entry): void;
	/** Somebody came, changed or went (after the grace). */
	presence?(stream: string, row: PresenceMessage): void;
}

export interface Ports<Frame> {
	log: StreamLog;
	encoder: Encoder<Frame>;
	ownership: Ownership;
	membership: Membership;
	greet: Greeter;
	timers: Timers;
	random: Random;
	/** Asked as each post comes in, in the course of what caused it; what stores it may serve others at the same time. */
	origin?(): Origin | undefined;
	/** For the node's log: what went wrong and was survived. */
	report(error: unknown, what: string, stream: string): void;
	observer?: Observer;
}
