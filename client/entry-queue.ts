import type { Entry } from "../realtime/entry.ts";

/** Above this many unread entries the stream lets go of its connection, and comes back below the other. */
const high = 2_000;
const low = 500;

/** The entries of a stream for one `for await`. It may read as slowly as it likes: what does not fit here waits in the server's log. */
export class EntryQueue implements AsyncIterableIterator<Entry> {
	readonly #entries: Entry[] = [];
	readonly #readable: () => void;
	readonly #left: (queue: EntryQueue) => void;
	#waiting: { resolve(result: IteratorResult<Entry>): void; reject(error: unknown): void } | undefined;
	#ended = false;
	#error: unknown;
	/** It holds more than it should; nothing new should come. */
	full = false;

	/** `readable`: it was full and is not any more. `left`: its reader has gone. */
	constructor(readable: () => void, left: (queue: EntryQueue) => void) {
		this.#readable = readable;
		this.#left = left;
	}

	push(entry: Entry): void {
		if (this.#ended) return;
		const waiting = this.#waiting;
		if (waiting) {
			this.#waiting = undefined;
			waiting.resolve({ value: entry, done: false });
			return;
		}
		this.#entries.push(entry);
		if (this.#entries.length >= high) this.full = true;
	}

	/** With an error the reader gets it after the entries that are still here. */
	end(error?: unknown): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#error = error;
		const waiting = this.#waiting;
		this.#waiting = undefined;
		if (!waiting) return;
		if (error === undefined) waiting.resolve({ value: undefined, done: true });
		else waiting.reject(error);
	}

	next(): Promise<IteratorResult<Entry>> {
		const entry = this.#entries.shift();
		if (this.full && this.#entries.length <= low) {
			this.full = false;
			this.#readable();
		}
		if (entry) return Promise.resolve({ value: entry, done: false });
		if (this.#ended) return this.#error === undefined ? Promise.resolve({ value: undefined, done: true }) : this.#fail();
		if (this.#waiting) return Promise.reject(new Error("this iterator is read one entry at a time: await the one before"));
		return new Promise((resolve, reject) => {
			this.#waiting = { resolve, reject };
		});
	}

	return(): Promise<IteratorResult<Entry>> {
		this.#entries.length = 0;
		this.full = false;
		this.end();
		this.#left(this);
		return Promise.resolve({ value: undefined, done: true });
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	#fail(): Promise<never> {
		const error = this.#error;
		this.#error = undefined;
		return Promise.reject(error);
	}
}
