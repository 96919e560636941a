import type { Document } from "../../mixins/store/port.ts";

// One mail per conversation, person and window, decided on what is remembered of the mails before. Events come late, twice and out of order:
// each of them gets the same answer every time, and no two that begin a window lie within one.

export interface WindowStart {
	eventId: string;
	/** Epoch ms, when the message was written. */
	at: number;
	/** Epoch ms: what is written before that needs no mail of its own. */
	until: number;
}

/** Of a person in a conversation. */
export interface MailWindows extends Document {
	userId: string;
	/** Counts changes: a window begins under the condition that nobody else began one. */
	revision: number;
	/** The newest few, by time. */
	starts: WindowStart[];
	/** Epoch ms: when the newest of them ends, or began if that is later. */
	lastAt?: number;
}

/** More than late events can find in the way: what is older than all of them was told long ago. */
export const keptStarts = 8;

/** `begins`: a window, and a mail; `begun`: it did so before, this is a repeat; `within` one. */
export type WindowDecision = "begins" | "begun" | "within";

/** `length`: how long a window is, in ms. */
export const decideWindow = (
	starts: readonly WindowStart[],
	{ eventId, at }: Pick<WindowStart, "eventId" | "at">,
	length: number,
): WindowDecision => {
	if (starts.some((start) => start.eventId === eventId)) return "begun";
	if (starts.some((start) => at < start.until && at > start.at - length)) return "within";
	const forgotten = starts.length >= keptStarts && starts.every((start) => at < start.at);
	return forgotten ? "within" : "begins";
};

export const withStart = (starts: readonly WindowStart[], start: WindowStart): WindowStart[] =>
	[...starts, start].sort((a, b) => a.at - b.at).slice(-keptStarts);

export const lastOf = (starts: readonly WindowStart[]): number => Math.max(...starts.flatMap(({ at, until }) => [at, until]));

/** Sorts a person's windows together: `/` is the least of what may follow, `0` the first that may not. */
export const mailWindowsId = (userId: string, streamId: string): string => `${userId}/${streamId}`;
export const mailWindowsOf = (userId: string): { $gte: string; $lt: string } => ({ $gte: `${userId}/`, $lt: `${userId}0` });
