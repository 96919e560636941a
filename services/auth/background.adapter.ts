/** Work that a service does on its own account, later or again and again, until it stops. */
export class Background {
	readonly #onError: (error: unknown) => void;
	readonly #timers = new Set<NodeJS.Timeout>();
	readonly #running = new Set<Promise<void>>();
	#stopped = false;

	constructor(onError: (error: unknown) => void) {
		this.#onError = onError;
	}

	later(ms: number, work: () => Promise<void>): void {
		if (this.#stopped) return;
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			const run = work()
				.catch(this.#onError)
				.finally(() => this.#running.delete(run));
			this.#running.add(run);
		}, ms);
		this.#timers.add(timer);
	}

	/** With a pause of `ms` between the end of one run, well or not, and the start of the next. */
	every(ms: number, work: () => Promise<void>): void {
		this.later(ms, () => work().finally(() => this.every(ms, work)));
	}

	/** Resolves when what runs has ended. */
	async stop(): Promise<void> {
		this.#stopped = true;
		for (const timer of this.#timers) clearTimeout(timer);
		await Promise.all(this.#running);
	}
}
