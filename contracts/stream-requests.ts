import Type, { type Static, type TProperties, type TSchema } from "typebox";
import { type DomainError, errorTable } from "./errors.ts";
import { Time } from "./http/common.ts";
import { ChatEntry, EntryId, EntrySeq, InboxEntry, Text } from "./stream-entries.ts";
import { RefusedMessage } from "./stream-messages.ts";

// What a client may say, and what it is answered.

const accepted = <P extends TProperties>(properties: P) => Type.Object({ ok: Type.Literal(true), ...properties });

export const RefusedAck = Type.Object({ ok: Type.Literal(false), problem: RefusedMessage }, { $id: "Refused" });
export type RefusedAck = Static<typeof RefusedAck>;

const upTo = Type.Object({ seq: EntrySeq });
const stands = accepted({
	seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "Where it stands now: only ever forward" }),
});

export const PostRequest = Type.Object({ id: EntryId, text: Text });
export type PostRequest = Static<typeof PostRequest>;
export const PostAccepted = accepted({ seq: EntrySeq, at: Time });
export type PostAccepted = Static<typeof PostAccepted>;

export const AmendRequest = Type.Object({
	id: EntryId,
	target: EntryId,
	text: Type.Union([Text, Type.Null()], { description: "null deletes the message" }),
});
export type AmendRequest = Static<typeof AmendRequest>;
export const AmendAccepted = accepted({ seq: EntrySeq });
export type AmendAccepted = Static<typeof AmendAccepted>;

export const PositionRequest = upTo;
export type PositionRequest = Static<typeof PositionRequest>;
export const PositionAccepted = stands;
export type PositionAccepted = Static<typeof PositionAccepted>;

/** Entries of one answer to `history`. */
export const historyLimit = 200;
export const HistoryRequest = Type.Object({
	before: EntrySeq,
	limit: Type.Optional(Type.Integer({ minimum: 1, maximum: historyLimit, default: 50 })),
});
export type HistoryRequest = Static<typeof HistoryRequest>;
const history = (entry: TSchema) =>
	accepted({ entries: Type.Array(entry, { maxItems: historyLimit, description: "Just before `before`, ascending" }) });
export const ChatHistory = history(ChatEntry);
export const InboxHistory = history(InboxEntry);

/** Far more than ours have; a larger one is somebody's mistake. */
export const tokenLimit = 8_192;
export const Token = Type.String({ minLength: 1, maxLength: tokenLimit, description: "An access token, as for REST" });
export const RefreshRequest = Type.Object({ token: Token });
export type RefreshRequest = Static<typeof RefreshRequest>;
export const RefreshAccepted = accepted({ expiresIn: Type.Integer({ minimum: 0, description: "Seconds" }) });
export type RefreshAccepted = Static<typeof RefreshAccepted>;

export const TypingRequest = Type.Object({});
export type TypingRequest = Static<typeof TypingRequest>;

/** The ack of what was refused. */
export const refusedAck = ({ code, message, extras }: DomainError): RefusedAck => {
	const { title, retryable = false } = errorTable[code];
	const { errors, retryAfter } = extras;
	return {
		ok: false,
		problem: {
			code,
			title,
			retryable,
			...(message !== title && { detail: message }),
			...(errors && { errors }),
			...(retryAfter !== undefined && { retryAfter }),
		},
	};
};
