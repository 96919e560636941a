import type { Follower } from "./follower.ts";
import type { Limits } from "./limits.ts";
import type { Random, Timers } from "./ports.ts";
import { backoff, Waits } from "./waits.ts";

/**
 * Catches up the followers of all streams, one page each in turn: whoever missed ten thousand entries waits for whoever missed
 * ten, and live traffic goes between the turns.
 */
export class Pager<Frame> {
	readonly #timers: Timers;
	readonly #random: Random;
	readonly #limits: Limits;
	readonly #report: (error: unknown, what: string, stream: string) => void;
	readonly #waits: Waits;
	#turn: Follower<Frame>[] = [];
	/** Their page is not in memory, and enough reads are under way. */
	readonly #forLog: Follower<Frame>[] = [];
	#reads = 0;
	#scheduled = false;

	constructor(parts: {
		timers: Timers;
		random: Random;
		limits: Limits;
		report(error: unknown, what: string, stream: string): void;
	}) {
		this.#timers = parts.timers;
		this.#random = parts.random;
		this.#limits = parts.limits;
		this.#report = parts.report;
		this.#waits = new Waits(parts.timers);
	}

	add(follower: Follower<Frame>): void {
		if (follower.paging || !follower.wantsPage) return;
		follower.paging = true;
		this.#turn.push(follower);
		this.#schedule();
	}

	end(): void {
		this.#waits.end();
		this.#turn = [];
		this.#forLog.length = 0;
	}

	#schedule(): void {
		if (this.#scheduled || this.#turn.length === 0) return;
		this.#scheduled = true;
		this.#timers.soon(() => {
			this.#scheduled = false;
			for (const follower of this.#turn.splice(0, this.#limits.pagesPerTurn)) this.#page(follower);
			this.#schedule();
		});
	}

	#page(follower: Follower<Frame>): void {
		if (!follower.wantsPage || follower.pageFromMemory()) {
			this.#again(follower);
			return;
		}
		this.#forLog.push(follower);
		this.#read();
	}

	#read(): void {
		while (this.#reads < this.#limits.pageReads) {
			const follower = this.#forLog.shift();
			if (!follower) return;
			void this.#readFor(follower);
		}
	}

	async #readFor(follower: Follower<Frame>): Promise<void> {
		this.#reads += 1;
		const before = follower.cursor;
		try {
			await follower.pageFromLog();
		} catch (error) {
			this.#report(error, "a page of a catch-up", follower.stream);
		}
		this.#reads -= 1;
		this.#read();
		follower.failures = follower.cursor > before ? 0 : follower.failures + 1;
		if (follower.failures > 0) await this.#pause(follower);
		this.#again(follower);
	}

	/** The log did not answer, or has a hole there that is about to be filled. */
	#pause(follower: Follower<Frame>): Promise<void> {
		return this.#waits.sleep(backoff(follower.failures, this.#limits.retryMs, this.#limits.retryMaxMs, this.#random));
	}

	#again(follower: Follower<Frame>): void {
		follower.paging = false;
		this.add(follower);
	}
}
