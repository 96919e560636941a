import type { EventDraft } from "../../contracts/events.ts";
import type { Entry } from "../../realtime/entry.ts";

// What this service asks of its streams. The stream engine fits it; so does the plain log, which is slower and as right.

export interface PostRequest {
	/** The poster's own: 1..64 of letters, digits and `._:-`. */
	id: string;
	from: string;
	type: string;
	body: object;
	/** Stored with the entry in the same write. Asked again whenever the entry gets another seq, so it must be pure. */
	events?(entry: Entry): readonly EventDraft[];
}

export interface Posted {
	seq: number;
	at: string;
	/** The log had it before: same poster, id, type and body. */
	repeated: boolean;
}

export interface StreamsPort {
	/**
	 * Durable when answered. Throws DomainError `ID_REUSED`: this poster used the id for something else; `UNAVAILABLE` or
	 * `STREAM_OVERLOADED`: to be sent again, under the same id.
	 */
	post(stream: string, request: PostRequest): Promise<Posted>;
	/** Ascending: those from `after` + 1 on, or the `limit` just before `before`, or without either the newest. Throws `UNAVAILABLE`. */
	history(stream: string, at: { after?: number; before?: number; limit: number }): Promise<Entry[]>;
	/** Bodies of this stream were erased in the log: nothing that was read before is served from memory. */
	forget(stream: string): void;
}
