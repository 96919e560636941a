import Type, { type Static } from "typebox";
import { type ErrorCode, errorTable, type FieldError } from "./errors.ts";
import { Time } from "./http/common.ts";

// What a follower of a stream is told, by socket event. `entries` is in stream-entries.ts, the whole table in sockets.ts.

const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Count = Type.Integer({ minimum: 0 });

export const presenceStates = ["online", "away", "offline"] as const;
export type PresenceState = (typeof presenceStates)[number];

export const PresenceMessage = Type.Object(
	{
		userId: Type.String(),
		state: Type.Unsafe<PresenceState>(Type.Enum([...presenceStates])),
		/** ISO 8601, UTC; of somebody who is here: when they were last seen to come or to change. */
		lastSeen: Type.String({ format: "date-time", description: "Of somebody who is here: when they came or changed last" }),
	},
	{ $id: "Presence" },
);
export type PresenceMessage = Static<typeof PresenceMessage>;

/** `{userId}` is writing, unless it says so again, until `until` (ISO 8601, UTC). */
export const TypingMessage = Type.Object({ userId: Type.String(), until: Time }, { $id: "Typing" });
export type TypingMessage = Static<typeof TypingMessage>;

export const ReceiptMessage = Type.Object(
	{
		userId: Type.String(),
		/** Up to and with this entry. */
		seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "Up to and with this entry" }),
		kind: Type.Unsafe<"delivered" | "read">(Type.Enum(["delivered", "read"])),
	},
	{ $id: "Receipt" },
);
export type ReceiptMessage = Static<typeof ReceiptMessage>;

/** Absolute values; of two, the one with the higher version is the truth. */
export const CountersMessage = Type.Object(
	{ unseen: Count, unread: Count, total: Count, version: Count },
	{ $id: "Counters", description: "Absolute values; of two, the one with the higher version is the truth" },
);
export type CountersMessage = Static<typeof CountersMessage>;

/** The first message to every follower. */
export const ReadyMessage = Type.Object(
	{
		stream: Type.String(),
		/** The newest entry at that moment; it does not move the client's position. */
		seq: Type.Integer({
			minimum: 0,
			maximum: Number.MAX_SAFE_INTEGER,
			description: "The newest entry at that moment; it does not move the client's position",
		}),
		/** The client's position is not in this log: it forgets what it has and takes what comes. */
		reset: Type.Boolean({ description: "The client's position is not in this log: it forgets what it has and takes what comes" }),
		members: Type.Immutable(Type.Array(Type.Object({ id: Type.String(), name: Type.String() }))),
		presence: Type.Immutable(Type.Array(PresenceMessage)),
		reads: Type.Record(Type.String(), Seq, { description: "By user id: read up to and with this entry" }),
		counters: Type.Optional(CountersMessage),
	},
	{ $id: "Ready" },
);
export type ReadyMessage = Static<typeof ReadyMessage>;

const code = Type.Unsafe<ErrorCode>(Type.Enum(Object.keys(errorTable)));
const title = Type.String({ description: "The code in words" });
const retryable = Type.Boolean({ description: "The same may succeed later without a change" });

/** Before any disconnect that the server chooses. */
export const ProblemMessage = Type.Object({ code, title, retryable }, { $id: "SocketProblem" });
export type ProblemMessage = Static<typeof ProblemMessage>;

/** Why a message was refused, in its ack. */
export const RefusedMessage = Type.Object(
	{
		code,
		title,
		retryable,
		detail: Type.Optional(Type.String({ description: "What is wrong in this case" })),
		errors: Type.Optional(
			Type.Unsafe<readonly FieldError[]>(
				Type.Array(Type.Object({ pointer: Type.String({ description: "RFC 6901, into the message" }), detail: Type.String() })),
			),
		),
		retryAfter: Type.Optional(Type.Integer({ minimum: 0, description: "Seconds" })),
	},
	{ $id: "RefusedMessage" },
);
export type RefusedMessage = Static<typeof RefusedMessage>;
