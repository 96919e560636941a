/**
 * How long entries wait to be counted together, in ms. A busy conversation is counted a few times a second, however many write in it; whoever
 * looks at it sooner has it counted at once.
 */
const gatherMs = 250;

/** Counts streams a moment after it was asked to: what comes until then is counted with it. */
export class CountSoon {
	readonly #count: (stream: string) => Promise<void>;
	readonly #waiting = new Set<string>();
	#timer: NodeJS.Timeout | undefined;

	/** @param count must not reject */
	constructor(count: (stream: string) => Promise<void>) {
		this.#count = count;
	}

	ask(stream: string): void {
		this.#waiting.add(stream);
		this.#timer ??= setTimeout(() => void this.flush(), gatherMs);
	}

	/** Counts what waits, now. */
	async flush(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const streams = [...this.#waiting];
		this.#waiting.clear();
		await Promise.all(streams.map(this.#count));
	}
}
