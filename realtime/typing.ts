/** Who is writing. Clients say so at every key; the others are told a few times per `ms`. */
export class Typing {
	readonly #ms: number;
	readonly #most: number;
	readonly #until = new Map<string, number>();

	constructor(ms: number, most: number) {
		this.#ms = ms;
		this.#most = most;
	}

	/** ISO 8601 until when to show it, or null if the others know. */
	say(userId: string, now: number): string | null {
		const until = now + this.#ms;
		if (until - (this.#until.get(userId) ?? 0) < this.#ms / 3) return null;
		// Costs at most one message too many.
		if (this.#until.size >= this.#most) this.#until.clear();
		this.#until.set(userId, until);
		return new Date(until).toISOString();
	}
}
