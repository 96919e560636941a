import { type Answer, answerTtlMs, type Begin, type Claims, judge, type Kept } from "./claims.ts";

interface Entry extends Kept {
	until: number;
}

/** Bounds of what one process remembers; the oldest answers go first. */
const maxEntries = 10_000;
const maxBodyLength = 64 * 1024;

/**
 * Claims of one process: the embedded profile's, and the cluster's while Redis is away. Lost on restart, and past the bounds,
 * which is fine: the entity answers then. `now` is a monotonic clock in ms.
 */
export const memoryClaims = (now: () => number = () => performance.now()): Claims => {
	// A Map keeps the order of insertion, and an answer is inserted anew when it is remembered: the first is the oldest.
	const entries = new Map<string, Entry>();

	const forgetOld = (): void => {
		for (const [key, entry] of entries) {
			if (entries.size <= maxEntries && entry.until > now()) return;
			// Claims end with their request; to drop one would let a second run begin beside it.
			if (entry.answer) entries.delete(key);
		}
	};

	const remember = (key: string, hash: string, answer: Answer): void => {
		entries.delete(key);
		if ((answer.body?.length ?? 0) > maxBodyLength) return;
		entries.set(key, { hash, answer, token: "", until: now() + answerTtlMs });
		forgetOld();
	};

	const claim = (key: string, hash: string): Begin => {
		entries.set(key, { hash, token: "", until: Number.POSITIVE_INFINITY });
		return {
			kind: "claimed",
			claim: {
				remember: async (answer) => remember(key, hash, answer),
				release: async () => void entries.delete(key),
			},
		};
	};

	return {
		async begin(key, hash) {
			const kept = entries.get(key);
			return kept && kept.until > now() ? judge(kept, hash, 1_000) : claim(key, hash);
		},
		close: async () => entries.clear(),
	};
};
