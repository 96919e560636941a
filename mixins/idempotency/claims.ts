// The replay cache of the gateway: who runs a named request now, and what it answered. It only speeds replays up and answers
// "still running"; that a repeat changes nothing is held by the entity in the database, so all of this may be forgotten.

/** How long an answer is kept: clients are promised at least 24 h. */
export const answerTtlMs = 24 * 60 * 60 * 1000;
/** How long a claim outlives its process. Renewed while the request runs. */
export const claimTtlMs = 10_000;

/** A successful answer as it left the gateway the first time. */
export interface Answer {
	status: number;
	headers: Readonly<Record<string, string>>;
	body: string | null;
}

export interface Claim {
	/** Keeps the answer for replays and ends the claim. */
	remember(answer: Answer): Promise<void>;
	/** Ends the claim; the next request with this key runs. */
	release(): Promise<void>;
}

export type Begin =
	/** Nobody runs it and nothing is remembered: run it, then remember or release. */
	| { kind: "claimed"; claim: Claim }
	| { kind: "answered"; answer: Answer }
	/** It runs now, or its process died up to `retryAfterMs` ago. */
	| { kind: "running"; retryAfterMs: number }
	/** The key was used with another body. */
	| { kind: "reused" };

export interface Claims {
	/** `key` is unique per user, route and Idempotency-Key; `hash` is that of the body. */
	begin(key: string, hash: string): Promise<Begin>;
	close(): Promise<void>;
}

/** What is kept under a key, in either store. */
export interface Kept {
	hash: string;
	/** Absent while it runs. */
	answer?: Answer;
	/** Who claimed it: only the holder ends a claim. */
	token: string;
}

export const judge = (kept: Kept, hash: string, retryAfterMs: number): Begin => {
	if (kept.hash !== hash) return { kind: "reused" };
	return kept.answer ? { kind: "answered", answer: kept.answer } : { kind: "running", retryAfterMs };
};
