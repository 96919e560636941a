import type { Entry } from "../../realtime/entry.ts";

// What every client of one run did and saw, as it happened: written by the runner, judged by the checker. `at` is the logical order.

export type Outcome =
	/** No answer came: it may be in the log, or get there yet. */
	{ kind: "unknown" } | { kind: "acked"; seq: number } | { kind: "refused"; code: string };

/** One attempt to post. A repeat is another try under the same id. */
export interface Try {
	readonly at: number;
	readonly who: string;
	readonly stream: string;
	/** The user's id. */
	readonly from: string;
	readonly id: string;
	readonly text: string;
	outcome: Outcome;
}

/** Where a client stands, as it says in the handshake. */
export interface Asked {
	after?: number;
	lastId?: string;
}

/** One connection of one follower. */
export interface Session {
	readonly at: number;
	readonly who: string;
	readonly stream: string;
	readonly asked: Asked;
	ready?: { seq: number; reset: boolean };
	/** In the order of arrival, nothing left out. */
	readonly entries: Entry[];
	/** Entries came before `ready`. */
	early?: true;
	ended?: string;
}

/** A page read over REST. */
export interface Page {
	readonly at: number;
	readonly who: string;
	readonly stream: string;
	readonly after: number;
	readonly entries: readonly Entry[];
}

/** A client that still follows when all is quiet. */
export interface Position {
	readonly who: string;
	readonly stream: string;
	readonly after: number;
}

/** A node ended by itself, or did not end when it should; a stream could not be read in the end, and has no log here. */
export interface Remark {
	readonly kind: "crash" | "unreadable";
	readonly what: string;
}

export interface History {
	readonly tries: readonly Try[];
	readonly sessions: readonly Session[];
	readonly pages: readonly Page[];
	/** Each stream, read from its first entry after everything was healed and quiet. */
	readonly logs: ReadonlyMap<string, readonly Entry[]>;
	readonly positions: readonly Position[];
	/** What was done to the servers, for the reader of an excerpt. */
	readonly faults: readonly { at: number; what: string }[];
	/** What no plan did. */
	readonly remarks: readonly Remark[];
}

export class Recorder implements History {
	readonly tries: Try[] = [];
	readonly sessions: Session[] = [];
	readonly pages: Page[] = [];
	readonly logs = new Map<string, readonly Entry[]>();
	readonly positions: Position[] = [];
	readonly faults: { at: number; what: string }[] = [];
	readonly remarks: Remark[] = [];
	#now = 0;

	/** The last seq of the stream that anybody was told of. */
	highest(stream: string): number {
		const acked = this.tries.flatMap((one) => (one.stream === stream && one.outcome.kind === "acked" ? [one.outcome.seq] : []));
		const seen = this.sessions.flatMap((one) => (one.stream === stream ? [one.entries.at(-1)?.seq ?? 0] : []));
		return [...acked, ...seen].reduce((most, seq) => Math.max(most, seq), 0);
	}

	try(what: Omit<Try, "at" | "outcome">): Try {
		const record: Try = { at: this.#tick(), ...what, outcome: { kind: "unknown" } };
		this.tries.push(record);
		return record;
	}

	session(who: string, stream: string, asked: Asked): Session {
		const record: Session = { at: this.#tick(), who, stream, asked: { ...asked }, entries: [] };
		this.sessions.push(record);
		return record;
	}

	page(who: string, stream: string, after: number, entries: readonly Entry[]): void {
		this.pages.push({ at: this.#tick(), who, stream, after, entries });
	}

	fault(what: string): void {
		this.faults.push({ at: this.#tick(), what });
	}

	remark(remark: Remark): void {
		this.remarks.push(remark);
	}

	#tick(): number {
		this.#now += 1;
		return this.#now;
	}
}
