import type { Entry } from "../../realtime/entry.ts";
import type { Asked } from "./history.ts";
import type { FaultStep, PlanOptions } from "./plan.ts";

// Where a plan is played: a model in memory or a real cluster. Callbacks and not promises, so that a model with a clock of its own plays
// the same seed the same way to the last message.

export type Ack = { ok: true; seq: number } | { ok: false; code: string; retryable: boolean };

/** One connection. After `end()` nothing more is heard of it. */
export interface Link {
	/** `answered` is called at most once: null when no answer came in time, and never after the end. */
	post(id: string, text: string, answered: (ack: Ack | null) => void): void;
	end(): void;
}

export interface LinkListener {
	ready(ready: { seq: number; reset: boolean }): void;
	entries(entries: readonly Entry[]): void;
	/** The other side ended it, refused it, or cannot be reached. */
	ended(why: string): void;
}

export interface FollowListener {
	entry(entry: Entry): void;
	/** The client is told to forget what it has. */
	reset(): void;
}

export interface World {
	/** Ids of the users; all of them are members of all streams. */
	readonly users: readonly string[];
	readonly streams: readonly string[];
	dial(user: string, stream: string, asked: Asked, listener: LinkListener): Link;
	/** Through the SDK, from the first entry on: what it tells a program, which has nothing twice and no hole. Not in the model. */
	follow?(user: string, stream: string, listener: FollowListener): { end(): void };
	/** Over REST. `answered` gets null when the outcome is not known. */
	post(user: string, stream: string, id: string, text: string, answered: (ack: Ack | null) => void): void;
	/** Over REST: the entries after `after`, one page. `answered` gets null when there was no answer. */
	page(user: string, stream: string, after: number, answered: (entries: readonly Entry[] | null) => void): void;
	/** Of this world's clock, in ms. */
	now(): number;
	/** Calls back after `ms` of this world's time, unless undone. */
	later(ms: number, act: () => void): () => void;
	/** Lets `ms` of this world's time pass. */
	pause(ms: number): Promise<void>;
	/** Does it, and undoes it after the step's `ms`. Answers what was done, or null where it does not apply right now. */
	apply(step: FaultStep): string | null;
	/** Undoes all that is still broken; resolves when every node and server runs again, with what nobody had planned. */
	heal(): Promise<readonly string[]>;
	/** The last that went wrong, for the reader of a failure. */
	troubles?(): readonly string[];
	/** How long clients may take to reach the end once all is healed, in ms of this world. */
	readonly settleMs: number;
	close(): Promise<void>;
}

export interface WorldSource {
	/** What plans for these worlds are like, where it differs: processes need more time to notice, to end and to start. */
	readonly plan: PlanOptions;
	open(seed: number): Promise<World>;
	close(): Promise<void>;
}
