import { setTimeout as delay } from "node:timers/promises";

/**
 * Reads until what was read holds, for what can only be observed from outside by asking. The bound is there to name what
 * was waited for and what was seen last, not to measure time.
 */
export const until = async <T>(
	what: string,
	read: () => Promise<T>,
	holds: (seen: T) => boolean,
	boundMs = 20_000,
): Promise<T> => {
	const end = Date.now() + boundMs;
	for (;;) {
		const seen = await read();
		if (holds(seen)) return seen;
		if (Date.now() > end) throw new Error(`waited ${boundMs} ms for ${what}; last seen: ${JSON.stringify(seen)}`);
		await delay(25);
	}
};
