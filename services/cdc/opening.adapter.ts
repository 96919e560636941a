import type { ChangeEvent } from "./change.ts";
import { faultOf, type SweepReason } from "./faults.ts";
import type { Mark } from "./position.adapter.ts";
import type { ChangeSource, Cursor } from "./source.adapter.ts";

// How a change stream is begun: where the last one ended, or, where that place is lost, now, and with a reason to read what was missed.

export interface Start {
	token?: unknown;
	/** Why documents have to be read for it; absent where the stream tells all. */
	reason?: SweepReason;
	/** Epoch ms: what changed before was published; null: nothing is known to have been. */
	since: number | null;
}

export interface Opened {
	cursor: Cursor;
	/** What came with the answer. */
	first: ChangeEvent | null;
	/** As it turned out to be. */
	start: Start;
}

export class NoStreams extends Error {
	override readonly name = "NoStreams";
}

export const startAt = ({ token, at }: Mark): Start => {
	if (token) return { token, since: at };
	return { reason: at === null ? "first" : "no_token", since: at };
};

/** Throws NoStreams, and what says nothing of the place: that error may be gone next time. `onLost`: told of the error. */
export const openAt = async (
	source: ChangeSource,
	collection: string,
	start: Start,
	onLost: (error: unknown) => void,
): Promise<Opened> => {
	try {
		return { ...(await source.open(collection, start.token)), start };
	} catch (error) {
		const fault = faultOf(error);
		if (fault === "unable") throw new NoStreams();
		if (fault !== "lost" || !start.token) throw error;
		onLost(error);
		return openAt(source, collection, { reason: "history_lost", since: start.since }, onLost);
	}
};
