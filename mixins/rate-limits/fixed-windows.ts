/** How far a window is used up. */
export interface Window {
	taken: number;
	/** By the clock that was given. */
	until: number;
}

/**
 * Counts requests of each requester in windows of `ms` milliseconds, which begin with a first request. In memory, and at once: what is
 * asked at every request should not cost a promise. `now` is a monotonic clock in ms.
 */
export class FixedWindows {
	readonly #ms: number;
	readonly #now: () => number;
	readonly #windows = new Map<string, Window>();

	constructor(ms: number, now: () => number = () => performance.now()) {
		this.#ms = ms;
		this.#now = now;
	}

	/** Requesters that are remembered. */
	get size(): number {
		return this.#windows.size;
	}

	/** Counts one request, and answers the window that it fell into and how many ms that has left. */
	take(who: string): { taken: number; msLeft: number } {
		const now = this.#now();
		const open = this.#windows.get(who);
		const window = open && open.until > now ? open : this.#begin(who, now);
		window.taken++;
		return { taken: window.taken, msLeft: window.until - now };
	}

	#begin(who: string, now: number): Window {
		this.#forget(now);
		const window = { taken: 0, until: now + this.#ms };
		this.#windows.set(who, window);
		return window;
	}

	/** All windows are of one length and a Map keeps the order of insertion: what has ended is at the front. */
	#forget(now: number): void {
		for (const [who, { until }] of this.#windows) {
			if (until > now) return;
			this.#windows.delete(who);
		}
	}
}
