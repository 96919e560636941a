import type { Entry } from "../realtime/entry.ts";
import type { FollowOptions } from "./types.ts";

/** Where a client stands in a stream. Only entries move it: an ack or a greeting may know of entries that have not arrived. */
export class Position {
	readonly #last: number | undefined;
	#after: number | undefined;
	#id: string | undefined;

	constructor({ after, lastId, last }: FollowOptions) {
		this.#after = after;
		this.#id = lastId;
		this.#last = last;
	}

	/** For the handshake. */
	ask(): FollowOptions {
		if (this.#after === undefined) return this.#last === undefined ? {} : { last: this.#last };
		return { after: this.#after, ...(this.#id !== undefined && { lastId: this.#id }) };
	}

	take({ seq, id }: Entry): "new" | "known" | "gap" {
		if (this.#after !== undefined && seq <= this.#after) return "known";
		if (this.#after !== undefined && seq > this.#after + 1) return "gap";
		this.#after = seq;
		this.#id = id;
		return "new";
	}

	reset(): void {
		this.#after = undefined;
		this.#id = undefined;
	}
}
