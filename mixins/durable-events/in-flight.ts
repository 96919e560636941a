// The deliveries that a group works on in this process.

export class InFlight {
	readonly #running = new Set<Promise<void>>();
	readonly #turns = new Map<string, Promise<void>>();

	get size(): number {
		return this.#running.size;
	}

	/** `work` must not reject. */
	add(work: Promise<void>): void {
		this.#running.add(work);
		void work.finally(() => this.#running.delete(work));
	}

	/**
	 * One delivery of an event after the other: a second one, which came because the first took longer than the bus waits, finds
	 * what the first has recorded.
	 */
	async inTurn(eventId: string, work: () => Promise<void>): Promise<void> {
		const before = this.#turns.get(eventId);
		const turn = (before ?? Promise.resolve()).then(work);
		const settled = turn.catch(() => undefined); // whoever waits for the turn wants to know that it is over, not how
		this.#turns.set(eventId, settled);
		try {
			await turn;
		} finally {
			if (this.#turns.get(eventId) === settled) this.#turns.delete(eventId);
		}
	}

	/** Resolves true when all is done, false if `ms` were not enough. */
	async drained(ms: number): Promise<boolean> {
		const { promise: late, resolve } = Promise.withResolvers<void>();
		const timer = setTimeout(resolve, ms);
		const all = Promise.all(this.#running);
		await Promise.race([all, late]);
		clearTimeout(timer);
		return this.#running.size === 0;
	}
}
