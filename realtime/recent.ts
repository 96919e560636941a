import type { Entry } from "./entry.ts";

/** Bytes of its JSON, about: the fields beside the body are short. */
export const sizeOf = (body: unknown): number => 200 + Buffer.byteLength(JSON.stringify(body ?? null));

export const keyOf = ({ from, id }: { from: string; id: string }): string => `${from}\0${id}`;

/** The newest entries of a stream, without a gap, bounded by number and by bytes. All of them are in the log. */
export class Recent {
	readonly #maxEntries: number;
	readonly #maxBytes: number;
	#entries: Entry[] = [];
	#sizes: number[] = [];
	/** Where the oldest stands in the two arrays; what lies before it is let go in one piece. */
	#head = 0;
	#bytes = 0;
	readonly #byKey = new Map<string, Entry>();

	constructor(maxEntries: number, maxBytes: number) {
		this.#maxEntries = maxEntries;
		this.#maxBytes = maxBytes;
	}

	get size(): number {
		return this.#entries.length - this.#head;
	}

	get bytes(): number {
		return this.#bytes;
	}

	/** The seq of the oldest, 0 if there is none. */
	get first(): number {
		return this.#entries[this.#head]?.seq ?? 0;
	}

	/** Entries follow what is here. Answers their bytes. */
	push(entries: readonly Entry[]): number {
		let bytes = 0;
		for (const entry of entries) {
			const size = sizeOf(entry.body);
			this.#entries.push(entry);
			this.#sizes.push(size);
			bytes += size;
			this.#byKey.set(keyOf(entry), entry);
		}
		this.#bytes += bytes;
		while (this.size > this.#maxEntries || this.#bytes > this.#maxBytes) this.#dropOldest();
		this.#compact();
		return bytes;
	}

	find(key: { from: string; id: string }): Entry | undefined {
		return this.#byKey.get(keyOf(key));
	}

	at(seq: number): Entry | undefined {
		return this.first === 0 ? undefined : this.#entries[this.#head + seq - this.first];
	}

	/** From `after` + 1, at most `limit`; null if that is not here (any more). */
	after(after: number, limit: number): Entry[] | null {
		if (this.size === 0 || after + 1 < this.first) return null;
		const start = this.#head + after + 1 - this.first;
		return this.#entries.slice(start, start + limit);
	}

	/** The `limit` entries just before `before`, or as many as the stream has there; null if they are not all here. */
	before(before: number, limit: number): Entry[] | null {
		const from = Math.max(1, before - limit);
		if (this.size === 0 || from < this.first) return null;
		return this.#entries.slice(this.#head + from - this.first, this.#head + before - this.first);
	}

	clear(): void {
		this.#entries = [];
		this.#sizes = [];
		this.#head = 0;
		this.#bytes = 0;
		this.#byKey.clear();
	}

	#dropOldest(): void {
		const entry = this.#entries[this.#head];
		if (!entry) return;
		this.#byKey.delete(keyOf(entry));
		this.#bytes -= this.#sizes[this.#head] ?? 0;
		this.#head += 1;
	}

	#compact(): void {
		if (this.#head < 64 || this.#head * 2 < this.#entries.length) return;
		this.#entries = this.#entries.slice(this.#head);
		this.#sizes = this.#sizes.slice(this.#head);
		this.#head = 0;
	}
}
