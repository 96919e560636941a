/**
 * How long entries wait to be counted together, in ms. A busy conversation is counted once a second, however many write in it: each time costs
 * its store an update a member. Whoever looks at it sooner has it counted at once.
 */
const gatherMs = 1_000;
/** … at most, where counting itself takes long: a conversation further down the list of somebody who looks comes up that late. */
const gatherMost = 5_000;
/** A quarter of the time is spent on counting at most: a store that is slow is slow because it is busy, and messages come first. */
const rest = 3;

/** What is waited for after a round that took so long. */
export const pauseAfter = (tookMs: number): number => Math.min(gatherMost, Math.max(gatherMs, rest * tookMs));

/** Streams that are counted at the same time: counters never crowd out messages, and a slow store is asked less often. */
const width = 4;

/** Counts streams a moment after it was asked to: what comes until then is counted with it. */
export class CountSoon {
	readonly #count: (stream: string) => Promise<void>;
	readonly #waiting = new Set<string>();
	#timer: NodeJS.Timeout | undefined;
	#pause = gatherMs;
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
		}, this.#pause);
	}

	async #all(): Promise<void> {
		const began = performance.now();
		const streams = [...this.#waiting];
		this.#waiting.clear();
		const worker = async (): Promise<void> => {
			for (let stream = streams.pop(); stream !== undefined; stream = streams.pop()) await this.#count(stream);
		};
		await Promise.all(Array.from({ length: width }, worker));
		this.#pause = pauseAfter(performance.now() - began);
	}
}
