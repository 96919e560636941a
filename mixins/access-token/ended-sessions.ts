/** Sessions that ended while access tokens of theirs could still be valid. `until`, in epoch ms, is when the last of those expires. */
export interface EndedSession {
	sessionId: string;
	until: number;
}

/** What `accessTokens()` refuses although its signature is right. Bounded by how many sessions end within the life of a token. */
export class EndedSessions {
	readonly #until = new Map<string, number>();

	get size(): number {
		return this.#until.size;
	}

	has(sessionId: string): boolean {
		return this.#until.has(sessionId);
	}

	add({ sessionId, until }: EndedSession): void {
		this.#until.set(sessionId, Math.max(until, this.#until.get(sessionId) ?? 0));
	}

	/** After `until` the tokens are refused for their own expiry. */
	forgetBefore(now: number): void {
		for (const [sessionId, until] of this.#until) if (until < now) this.#until.delete(sessionId);
	}
}
