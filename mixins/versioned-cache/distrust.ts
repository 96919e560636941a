/**
 * Which versions of a shared cache are not to be believed, because a newer one was written that it could not be told. Bounded: with
 * more of them than `max`, nothing at all is believed until the last of them is over. `now` is a monotonic clock in ms.
 */
export class Distrust {
	readonly #forMs: number;
	readonly #max: number;
	readonly #now: () => number;
	readonly #least = new Map<string, { version: number; until: number }>();
	#nothingUntil = Number.NEGATIVE_INFINITY;

	constructor(forMs: number, max: number, now: () => number = () => performance.now()) {
		this.#forMs = forMs;
		this.#max = max;
		this.#now = now;
	}

	/** From now on, and for as long as older ones could lie there, only this version and newer ones are believed. */
	add(id: string, version: number): void {
		const until = this.#now() + this.#forMs;
		const before = this.#least.get(id);
		// The first in the map is the one that ends first.
		this.#least.delete(id);
		this.#least.set(id, { version: Math.max(version, before?.version ?? 0), until });
		this.#forgetOver();
		if (this.#least.size <= this.#max) return;
		this.#least.clear();
		this.#nothingUntil = until;
	}

	/** The oldest version that may be believed. */
	least(id: string): number {
		if (this.#now() < this.#nothingUntil) return Number.POSITIVE_INFINITY;
		const found = this.#least.get(id);
		return found && found.until > this.#now() ? found.version : 0;
	}

	#forgetOver(): void {
		for (const [id, { until }] of this.#least) {
			if (until > this.#now()) return;
			this.#least.delete(id);
		}
	}
}
