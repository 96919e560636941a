import type { Entry } from "./entry.ts";
import type { Limits } from "./limits.ts";
import type { StreamLog } from "./log.ts";
import type { Timers } from "./ports.ts";
import { Recent } from "./recent.ts";

/**
 * What this node knows of one stream: its tail and its newest entries, a prefix of the log at every moment. Others may have written more;
 * `refresh` finds out.
 */
export class Known {
	readonly stream: string;
	readonly recent: Recent;
	readonly #log: StreamLog;
	readonly #timers: Timers;
	readonly #limits: Limits;
	readonly #fanOut: (entries: readonly Entry[], bytes: number) => void;
	readonly #reading = new Map<number, Promise<Entry[]>>();
	#refreshing: Promise<void> | null = null;
	#tail: number;
	#confirmedAt: number;

	constructor(
		stream: string,
		tail: number,
		{ log, timers, limits }: { log: StreamLog; timers: Timers; limits: Limits },
		fanOut: (entries: readonly Entry[], bytes: number) => void,
	) {
		this.stream = stream;
		this.recent = new Recent(limits.recentEntries, limits.recentBytes);
		this.#log = log;
		this.#timers = timers;
		this.#limits = limits;
		this.#fanOut = fanOut;
		this.#tail = tail;
		this.#confirmedAt = timers.now();
	}

	get tail(): number {
		return this.#tail;
	}

	/** The log ended here a moment ago: it took a write at the tail, or was asked. */
	confirm(): void {
		this.#confirmedAt = this.#timers.now();
	}

	/**
	 * Takes in what is in the log, ascending and without a gap. What is known already is passed over: a write's answer may come after a
	 * round of the backstop has seen its entries.
	 */
	advance(entries: readonly Entry[]): void {
		const next = this.#tail + 1;
		const first = entries[0]?.seq ?? next;
		const news = first === next ? entries : entries.slice(Math.max(0, next - first));
		const last = news.at(-1);
		if (!last || news[0]?.seq !== next) return;
		const bytes = this.recent.push(news);
		this.#tail = last.seq;
		this.#fanOut(news, bytes);
	}

	/** Reads what others have written. Throws what the log throws. */
	async refresh(): Promise<void> {
		for (;;) {
			const page = await this.#log.after(this.stream, this.#tail, this.#limits.pageEntries);
			this.advance(page);
			if (page.length < this.#limits.pageEntries) return this.confirm();
		}
	}

	/** As `refresh`, if nothing has told for a while where the log ends: without followers no backstop looks. */
	async refreshIfOld(): Promise<void> {
		if (this.#timers.now() - this.#confirmedAt < this.#limits.backstopMs) return;
		// A thousand may come at once.
		this.#refreshing ??= this.refresh().finally(() => {
			this.#refreshing = null;
		});
		await this.#refreshing;
	}

	at(seq: number): Promise<Entry | null> {
		const entry = this.recent.at(seq);
		return entry ? Promise.resolve(entry) : this.#log.at(this.stream, seq);
	}

	/** From the log. Whoever waits for the same page shares the read. */
	pageAfter(after: number): Promise<Entry[]> {
		const running = this.#reading.get(after);
		if (running) return running;
		const read = this.#log.after(this.stream, after, this.#limits.pageEntries).finally(() => this.#reading.delete(after));
		this.#reading.set(after, read);
		return read;
	}

	async historyBefore(before: number, limit: number): Promise<Entry[]> {
		return this.recent.before(before, limit) ?? (await this.#log.before(this.stream, before, limit));
	}

	async historyAfter(after: number, limit: number): Promise<Entry[]> {
		const recent = after >= this.#tail ? [] : this.recent.after(after, limit);
		return recent ?? (await this.#log.after(this.stream, after, limit));
	}
}
