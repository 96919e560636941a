import type { Entry } from "../realtime/entry.ts";
import type { FollowOptions } from "./types.ts";

/** How many of the newest entries come first: unless it is asked for another number, and at most. */
const standardLast = 50;
const mostLast = 200;

/** Where a client stands in a stream. Only entries move it: an ack or a greeting may know of entries that have not arrived. */
export class Position {
	readonly #last: number | undefined;
	#after: number | undefined;
	#id: string | undefined;
	/** Where the entries begin that a greeting has promised; counts until one has come. */
	#base: number | undefined;

	constructor({ after, lastId, last }: FollowOptions) {
		this.#after = after;
		this.#id = lastId;
		this.#last = last;
	}

	/** For the handshake. */
	ask(): FollowOptions {
		if (this.#after === undefined && this.#base !== undefined) return { after: this.#base };
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

	/**
	 * A greeting tells how far the log goes, and so from where on entries follow. Whoever is cut off before the first comes has been promised
	 * those: the newest of a later moment would leave some out.
	 */
	greeted({ seq, reset }: { seq: number; reset: boolean }): void {
		if (reset) {
			this.#after = undefined;
			this.#id = undefined;
			this.#base = undefined;
		}
		const last = reset ? standardLast : Math.min(this.#last ?? standardLast, mostLast);
		if (this.#after === undefined) this.#base ??= Math.max(0, seq - last);
	}
}
