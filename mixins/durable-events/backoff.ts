const longest = 60_000;

/**
 * How long to wait after the given try (1 = the first), in ms: full jitter under a ceiling that doubles up to a minute, so that
 * events that failed together do not come back together. `random` is in [0, 1).
 */
export const backoffDelay = (tries: number, firstMs: number, random: () => number = Math.random): number =>
	Math.ceil(random() * Math.min(longest, firstMs * 2 ** Math.min(tries - 1, 30)));
