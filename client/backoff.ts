// Full jitter: each wait is drawn from nothing up to a bound that doubles, so that many clients that lost the same server do not come back
// together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

export interface Backoff {
	/** Upper bound of the first wait, in ms. */
	baseMs: number;
	/** Upper bound of every wait, in ms. */
	capMs: number;
}

/** `attempt` counts failures in a row, from 1; `random` is in [0, 1). */
export const fullJitter = (attempt: number, { baseMs, capMs }: Backoff, random: () => number): number =>
	random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
