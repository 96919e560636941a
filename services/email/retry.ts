// How often a mail is tried, and when.

const minute = 60_000;

/**
 * Between one try and the next. Short at first, for the server that restarts or greylists (minutes, RFC 6647 §5); together 24 h, so
 * that a server may be away for a day and nobody misses a mail.
 */
const delays = [1, 2, 5, 12, 28, 66, 152, 350, 824].map((minutes) => minutes * minute);

export const mostTries = delays.length + 1;

/** ms from the try before; null: that was the last. */
export const delayAfter = (tries: number): number | null => delays[tries - 1] ?? null;
