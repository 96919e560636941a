const every = 500;

/**
 * What a shared cache must still be told, tried again and again until it was, or until what it holds is over anyway: for nodes that
 * start meanwhile and have not heard that they must not believe it. Bounded: the oldest are given up first.
 */
export class Repairs {
	readonly #tell: (id: string, version: number) => Promise<boolean>;
	readonly #forMs: number;
	readonly #max: number;
	readonly #mayTry: () => boolean;
	readonly #pending = new Map<string, { version: number; until: number }>();
	#timer: NodeJS.Timeout | undefined;

	/** `tell` answers whether it was told. */
	constructor(tell: (id: string, version: number) => Promise<boolean>, forMs: number, max: number, mayTry: () => boolean) {
		this.#tell = tell;
		this.#forMs = forMs;
		this.#max = max;
		this.#mayTry = mayTry;
	}

	get size(): number {
		return this.#pending.size;
	}

	add(id: string, version: number): void {
		this.#pending.delete(id);
		this.#pending.set(id, { version, until: performance.now() + this.#forMs });
		const [oldest] = this.#pending.keys();
		if (this.#pending.size > this.#max && oldest !== undefined) this.#pending.delete(oldest);
		this.#timer ??= setInterval(() => void this.#tryAll(), every).unref();
	}

	close(): void {
		clearInterval(this.#timer);
		this.#pending.clear();
	}

	async #tryAll(): Promise<void> {
		for (const [id, entry] of this.#pending) {
			const over = entry.until <= performance.now();
			if (!over && !this.#mayTry()) continue;
			// Another write of this order may have come since: that one is still to be told.
			if ((over || (await this.#tell(id, entry.version))) && this.#pending.get(id) === entry) this.#pending.delete(id);
		}
		if (this.#pending.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}
}
