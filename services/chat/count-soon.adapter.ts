/**
 * How long entries wait to be counted together, in ms. A busy conversation is counted once a second, however many write in it: each time costs
 * its store an update a member. Whoever looks at it sooner has it counted at once.
 */
const gatherMs = 1_000;
/** Streams that are counted at the same time: counters never crowd out messages, and a slow store is asked less often. */
const width = 4;

/** Counts streams a moment after it was asked to: what comes until then is counted with it. */
export class CountSoon {
	readonly #count: (stream: string) => Promise<void>;
	readonly #waiting = new Set<string>();
	#timer: NodeJS.Timeout | undefined;
	#running: Promise<void> | undefined;
	#ended = false;

	/** @param count must not reject */
	constructor(count: (stream: string) => Promise<void>) {
		this.#count = count;
	}

	ask(stream: string): void {
		this.#waiting.add(stream);
		this.#arm();
	}

	/** Counts what waits, now, and what is asked for meanwhile. Afterwards nothing is. */
	async end(): Promise<void> {
		this.#ended = true;
		clearTimeout(this.#timer);
		await this.#running;
		while (this.#waiting.size > 0) await this.#all();
	}

	#arm(): void {
		if (this.#ended || this.#timer || this.#running) return;
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			this.#running = this.#all().finally(() => {
				this.#running = undefined;
				if (this.#waiting.size > 0) this.#arm();
			});
		}, gatherMs);
	}

	async #all(): Promise<void> {
		const streams = [...this.#waiting];
		this.#waiting.clear();
		const worker = async (): Promise<void> => {
			for (let stream = streams.pop(); stream !== undefined; stream = streams.pop()) await this.#count(stream);
		};
		await Promise.all(Array.from({ length: width }, worker));
	}
}
