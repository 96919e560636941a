/** Counts what happened by name, and lets a test wait until something has happened so often. */
export class Seen {
	readonly #counts = new Map<string, number>();
	readonly #waiting = new Set<{ holds: () => boolean; resolve: () => void }>();

	add(name: string): number {
		const count = this.of(name) + 1;
		this.#counts.set(name, count);
		for (const waiter of this.#waiting) {
			if (!waiter.holds()) continue;
			this.#waiting.delete(waiter);
			waiter.resolve();
		}
		return count;
	}

	of(name: string): number {
		return this.#counts.get(name) ?? 0;
	}

	get names(): string[] {
		return [...this.#counts.keys()];
	}

	get total(): number {
		return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
	}

	/** Resolves when each of these has been seen `times` times. No time-out of its own: the test's names it. */
	async all(names: readonly string[], times = 1): Promise<void> {
		const holds = (): boolean => names.every((name) => this.of(name) >= times);
		if (holds()) return;
		await new Promise<void>((resolve) => this.#waiting.add({ holds, resolve }));
	}
}
