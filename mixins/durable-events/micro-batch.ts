// Many small writes or look-ups that come close together travel as one command. Used by both buses.

export interface MicroBatchOptions<T, R> {
	/** Answers one result an item, in order. A throw fails every item of the batch. */
	flush: (items: readonly T[]) => Promise<readonly R[]>;
	/** How long the first item waits for others, in ms; 0 = until the current burst of I/O is handled. */
	gatherMs: number;
	maxItems?: number;
}

interface Waiting<T, R> {
	item: T;
	resolve: (result: R) => void;
	reject: (error: unknown) => void;
}

export class MicroBatch<T, R> {
	readonly #options: Required<MicroBatchOptions<T, R>>;
	#waiting: Waiting<T, R>[] = [];
	#running: Promise<void> | undefined;
	#gathered: (() => void) | undefined;

	constructor(options: MicroBatchOptions<T, R>) {
		this.#options = { maxItems: 500, ...options };
	}

	/** Resolves when the batch that carries the item is done. */
	add(item: T): Promise<R> {
		const { promise, resolve, reject } = Promise.withResolvers<R>();
		this.#waiting.push({ item, resolve, reject });
		this.#running ??= this.#run();
		return promise;
	}

	/** Resolves when nothing is waiting or under way. What waits for company waits no longer. */
	async drain(): Promise<void> {
		for (; this.#running; await this.#running) this.hurry();
	}

	/** What waits for company leaves now. */
	hurry(): void {
		this.#gathered?.();
	}

	// One batch at a time: what comes while one is under way makes up the next, so the batches grow with the load.
	async #run(): Promise<void> {
		await this.#gather();
		while (this.#waiting.length > 0) await this.#flush(this.#waiting.splice(0, this.#options.maxItems));
		this.#running = undefined;
	}

	#gather(): Promise<void> {
		const { gatherMs } = this.#options;
		return new Promise((resolve) => {
			if (gatherMs === 0) {
				setImmediate(resolve);
				return;
			}
			const timer = setTimeout(resolve, gatherMs);
			this.#gathered = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	async #flush(batch: readonly Waiting<T, R>[]): Promise<void> {
		try {
			const results = await this.#options.flush(batch.map(({ item }) => item));
			// The flush answers one result an item, so the index is there; R itself may be undefined.
			for (const [index, { resolve }] of batch.entries()) resolve(results[index] as R);
		} catch (error) {
			for (const { reject } of batch) reject(error);
		}
	}
}
