// What an error of a change stream means. Codes: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml

/** `lost`: where we were is no more. `unable`: this server has no change streams. `later`: it is away, or busy; the same will work again. */
export type Fault = "lost" | "unable" | "later";

/**
 * BSONObjectTooLarge (an event beyond 16 MB), CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost;
 * without a name: the token is not found (40585), is of another collection (40615), is none (40647).
 */
const lost: ReadonlySet<number> = new Set([10334, 136, 260, 280, 286, 40585, 40615, 40647]);
/** CommandNotFound, CommandNotSupported, NotImplemented; $changeStream on a standalone server, and as a stage that it does not know. */
const unable: ReadonlySet<number> = new Set([59, 115, 238, 40573, 40324]);

export const faultOf = (error: unknown): Fault => {
	const { code, errorLabels } = error as { code?: unknown; errorLabels?: unknown };
	const number = Number(code ?? 0);
	if (unable.has(number)) return "unable";
	const final = Array.isArray(errorLabels) && errorLabels.includes("NonResumableChangeStreamError");
	return final || lost.has(number) ? "lost" : "later";
};

/** Why a collection is swept; also the label of `cdc_sweeps_total`. */
export type SweepReason = "first" | "history_lost" | "dropped" | "no_token" | "no_streams";

export const sweepWords: Readonly<Record<SweepReason, string>> = {
	first: "nobody has followed it before",
	history_lost: "the server does not know any more what changed since we looked",
	dropped: "the collection was dropped or renamed",
	no_token: "the server gave us nothing to go on from",
	no_streams: "this server has no change streams",
};
