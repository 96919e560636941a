// One mail per conversation, person and window, decided on what is remembered of the mails before. Events come late, twice and out of order:
// each of them gets the same answer every time, and no two that begin a window lie within one.

export interface WindowStart {
	eventId: string;
	/** Epoch ms, when the message was written. */
	at: number;
	/** Epoch ms: what is written before that needs no mail of its own. */
	until: number;
}

/** So many starts are remembered: what is older than all of them was told long ago. */
export const keptStarts = 8;

export interface Written {
	eventId: string;
	at: number;
}

/**
 * `begins`: a window, and a mail; `begun`: it did so before, this is a repeat; `within` one that is open. `shut` is how long a window is
 * open, in ms.
 */
export const windowFor = (
	starts: readonly WindowStart[],
	{ eventId, at }: Written,
	shut: number,
): "begins" | "begun" | "within" => {
	if (starts.some((start) => start.eventId === eventId)) return "begun";
	if (starts.some((start) => at < start.until && at > start.at - shut)) return "within";
	const forgotten = starts.length >= keptStarts && starts.every((start) => at < start.at);
	return forgotten ? "within" : "begins";
};
