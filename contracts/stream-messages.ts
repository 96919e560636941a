import type { ErrorCode } from "./errors.ts";

// What a follower of a stream is told, by socket event. `entries` carries an array of realtime/entry.ts.

export const presenceStates = ["online", "away", "offline"] as const;
export type PresenceState = (typeof presenceStates)[number];

export interface PresenceMessage {
	userId: string;
	state: PresenceState;
	/** ISO 8601, UTC; of somebody who is here: when they were last seen to come or to change. */
	lastSeen: string;
}

/** `{userId}` is writing, unless it says so again, until `until` (ISO 8601, UTC). */
export interface TypingMessage {
	userId: string;
	until: string;
}

export interface ReceiptMessage {
	userId: string;
	/** Up to and with this entry. */
	seq: number;
	kind: "delivered" | "read";
}

/** Absolute values; of two, the one with the higher version is the truth. */
export interface CountersMessage {
	unseen: number;
	unread: number;
	total: number;
	version: number;
}

/** The first message to every follower. */
export interface ReadyMessage {
	stream: string;
	/** The newest entry at that moment; it does not move the client's position. */
	seq: number;
	/** The client's position is not in this log: it forgets what it has and takes what comes. */
	reset: boolean;
	members: readonly { id: string; name: string }[];
	presence: readonly PresenceMessage[];
	reads: Readonly<Record<string, number>>;
	counters?: CountersMessage;
}

/** Before any disconnect that the server chooses. */
export interface ProblemMessage {
	code: ErrorCode;
	title: string;
	retryable: boolean;
}
