import type { Document } from "../../mixins/store/port.ts";

// A conversation notifies a person once in a while, not once a message: the first message begins a window, and those that come while it
// is open are not told of. Events come late, twice and in any order, so windows are kept by the times of their messages.

/** A window that a message began. */
export interface Begun {
	/** When the message was posted, epoch ms. */
	at: number;
	/** Of its event: that very event is told of, however often it comes. */
	eventId: string;
}

/** Of a person in a conversation. */
export interface ChatWindows extends Document {
	userId: string;
	streamId: string;
	/** Counts changes: a window is begun under the condition that nobody else began one. */
	revision: number;
	/** The newest few, by time. */
	begun: Begun[];
	/** Epoch ms, of the newest. */
	lastAt?: number;
}

/** More than events that are late can find in the way: what is older than all of them is not told of any more. */
const kept = 8;

/** Sorts a person's windows together: `/` is the least of what may follow, `0` the first that may not. */
export const windowsId = (userId: string, streamId: string): string => `${userId}/${streamId}`;
export const windowsOf = (userId: string): { $gte: string; $lt: string } => ({ $gte: `${userId}/`, $lt: `${userId}0` });

/** `again`: this message began one. `open`: another did, so it is not told of. `new`: it may begin one. */
export type Decision = { kind: "again"; begun: Begun } | { kind: "open" } | { kind: "new" };

export const decideWindow = (
	found: Pick<ChatWindows, "begun"> | undefined,
	message: Begun,
	/** How long a window is open, ms. */
	length: number,
): Decision => {
	const begun = found?.begun ?? [];
	const same = begun.find(({ eventId }) => eventId === message.eventId);
	if (same) return { kind: "again", begun: same };
	if (begun.some(({ at }) => Math.abs(message.at - at) < length)) return { kind: "open" };
	const oldest = begun[0];
	if (begun.length >= kept && oldest && message.at < oldest.at) return { kind: "open" };
	return { kind: "new" };
};

/** What is kept once the message has begun one. */
export const withWindow = (begun: readonly Begun[], message: Begun): Begun[] =>
	[...begun, message].sort((a, b) => a.at - b.at).slice(-kept);
