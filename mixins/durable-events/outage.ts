// When an event could not be handled because something it needs is away, that says nothing about the event: it waits for the
// thing to come back, and no try is counted. Otherwise a minute without the database would turn every event into a dead letter.

/** Errors of ours by name, those of a remote call by `type` (custom classes do not survive the wire). */
const names: ReadonlySet<string> = new Set(["StoreUnavailable", "WriteUncertain", "LogUnavailable", "LogUncertain"]);
const types: ReadonlySet<string> = new Set([
	"UNAVAILABLE",
	// Moleculer's: nobody offers it, its node died over it, it has too much to do, or our own transporter is away.
	"SERVICE_NOT_FOUND",
	"SERVICE_NOT_AVAILABLE",
	"REQUEST_REJECTED",
	"QUEUE_FULL",
	"BAD_GATEWAY",
]);

export const isOutage = (error: unknown): boolean => {
	if (!(error instanceof Error)) return false;
	const { type, code } = error as { type?: unknown; code?: unknown };
	return names.has(error.name) || types.has(String(type)) || code === "UNAVAILABLE";
};

/** Pauses between looks at whether it is back: short, since everything in flight waits for it. */
export const outagePause = { firstMs: 100, longestMs: 2_000 } as const;
