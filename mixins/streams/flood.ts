/**
 * How much one connection may say: `burst` at once, `perSecond` in the long run. Counted in this process, without a look at Redis: it protects the
 * node; what a user may post in all is the rate limit's business.
 */
export class Flood {
	readonly #burst: number;
	readonly #perMs: number;
	#tokens: number;
	#at: number;

	constructor(burst: number, perSecond: number, now: number) {
		this.#burst = burst;
		this.#perMs = perSecond / 1_000;
		this.#tokens = burst;
		this.#at = now;
	}

	/** `now`: ms that only go forward. */
	take(now: number): boolean {
		this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
		this.#at = now;
		if (this.#tokens < 1) return false;
		this.#tokens -= 1;
		return true;
	}
}
