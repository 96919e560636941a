/** A map of at most `max` entries: the one that was not asked for longest goes first. */
export class Lru<K, V> {
	readonly #max: number;
	readonly #entries = new Map<K, V>();

	constructor(max: number) {
		this.#max = max;
	}

	get size(): number {
		return this.#entries.size;
	}

	get(key: K): V | undefined {
		const value = this.#entries.get(key);
		if (value === undefined) return undefined;
		// A Map keeps the order of insertion: put back at the end, what is at the front is the least recently used.
		this.#entries.delete(key);
		this.#entries.set(key, value);
		return value;
	}

	set(key: K, value: V): void {
		this.#entries.delete(key);
		this.#entries.set(key, value);
		if (this.#entries.size <= this.#max) return;
		for (const oldest of this.#entries.keys()) {
			this.#entries.delete(oldest);
			return;
		}
	}

	delete(key: K): void {
		this.#entries.delete(key);
	}

	deleteWhere(goes: (value: V) => boolean): void {
		for (const [key, value] of this.#entries) if (goes(value)) this.#entries.delete(key);
	}
}
