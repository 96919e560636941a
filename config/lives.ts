// How long what others rely on is kept: lives that the environment sets are held against these.

const hour = 3_600_000;
const day = 24 * hour;

/** The bus keeps events for this long: as long one may come again, or come for the first time. */
export const eventsKept = 7 * day;
/** A request may come again under its Idempotency-Key for this long: it is promised. */
export const keysKept = 24 * hour;
/** Providers of payments repeat what they have to say for up to three days. */
export const webhooksRepeat = 3 * day;
