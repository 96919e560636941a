import type { EventDraft } from "../contracts/events.ts";
import type { Entry } from "./entry.ts";

// Where streams are kept. The engine owns this port; mixins/stream-log/ implements it over either store.

/** What a post was part of: for its events, and for whoever follows it through the system. */
export interface Origin {
	/** Of the HTTP request. */
	requestid?: string;
	/** W3C Trace Context. */
	traceparent?: string;
	/** Epoch ms, by the machine's clock: when it was posted. Only where somebody records what became of it. */
	since?: number;
}

/** An entry that is about to be stored, with the durable events that are stored in the same write. */
export interface Draft extends Entry {
	events: readonly EventDraft[];
	origin?: Origin;
}

/**
 * How far an append came. `stored` counts from the first draft: that many are in the log under the seq they carried.
 * - `all`: every one.
 * - `repeat`: the draft after those was posted before (same stream, from and id); `entry` is what the log has. Whether type and body are
 *   the same is for the caller to see. Nothing after it was stored.
 * - `taken`: the seq of the draft after those belongs to an entry that somebody else wrote. Nothing after it was stored.
 */
export type Appended =
	| { stored: number; end: "all" }
	| { stored: number; end: "repeat"; entry: Entry }
	| { stored: number; end: "taken" };

/**
 * Keys: (stream, seq) and (stream, from, id) are unique, so two writers that both believe they own a stream cannot write two histories.
 * Every read sees all appends that were answered before it, on any node (MongoDB: primary, read concern majority).
 */
export interface StreamLog {
	/**
	 * One ordered insert of drafts with ascending seqs of one stream; ids do not repeat within it. After a lost answer it looks the drafts up by
	 * id and sends the rest again, under the seqs that they have, which is safe by the keys; so an outcome is the truth.
	 * Durable when answered. Throws `LogUnavailable`: nothing was stored; `LogUncertain`: some may be, or may yet be, stored: the same
	 * drafts have to be sent again, under the same ids, before anything else.
	 */
	append(drafts: readonly Draft[]): Promise<Appended>;
	/** The last seq, 0 for a stream without entries. */
	tail(stream: string): Promise<number>;
	at(stream: string, seq: number): Promise<Entry | null>;
	/** Ascending from `after` + 1, at most `limit`. It ends before a hole, which a later read may find filled. */
	after(stream: string, after: number, limit: number): Promise<Entry[]>;
	/** The `limit` entries just before `before`, ascending, without a hole. */
	before(stream: string, before: number, limit: number): Promise<Entry[]>;
	/** What these were stored as, in no order. */
	posted(stream: string, keys: readonly { from: string; id: string }[]): Promise<Entry[]>;
}

/** The log cannot be reached or refuses work; nothing was written. */
export class LogUnavailable extends Error {
	override readonly name = "LogUnavailable";
}

/** The answer was lost and could not be found out. */
export class LogUncertain extends Error {
	override readonly name = "LogUncertain";
}
