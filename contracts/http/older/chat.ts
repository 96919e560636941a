import Type, { type Static } from "typebox";
import { MessageId, StreamId } from "../chat.ts";
import { Time } from "../common.ts";
import type { OwnRefusal, Route } from "../route.ts";
import { older, whyOf } from "./older.ts";

// The paths and bodies of the first chat: messages of two people, told to each other by id.

export const ChatMessage = Type.Object(
	{
		message_id: MessageId,
		stream_id: StreamId,
		sender_id: Type.String(),
		receiver_id: Type.Optional(Type.String({ description: "Not in a group" })),
		content: Type.String(),
		created_at: Time,
	},
	{ $id: "ChatMessage" },
);
export type ChatMessage = Static<typeof ChatMessage>;

/** What the path under `/v1` says of its fields, in the words of these clients. */
const fields: Readonly<Record<string, string>> = { text: "content", id: "message_id", streamId: "stream_id" };
const fieldOf = (pointer: string): string => {
	const name = pointer.slice(1).split("/")[0] ?? "";
	return `/${fields[name] ?? name}`;
};

const wrong: OwnRefusal = {
	only: 400,
	schema: Type.Object({ error: Type.String({ description: "What is wrong, field by field" }) }),
	of({ detail, errors = [] }) {
		const named = errors.map((error) => (error.pointer === "" ? error : { ...error, pointer: fieldOf(error.pointer) }));
		return { error: whyOf({ detail, errors: named }) };
	},
};

const Someone = Type.String({ minLength: 1, maxLength: 200 });

const post = {
	...older,
	method: "POST",
	summary: "Write to somebody",
	description:
		"The conversation of the two is made if there is none; the same `message_id` again is the same message. Better: `POST /v1/conversations/:streamId/messages`.",
	auth: "user",
	body: Type.Object({
		message_id: Type.Optional(MessageId),
		content: Type.String({ minLength: 1, description: "At most 16,000 characters" }),
		stream_id: Type.String({
			description: "That of the two: of SHA-256 over their ids, sorted and joined, the first 16 hex digits",
		}),
		sender_id: Type.Unknown({ description: "The caller's own id; somebody else's is 404" }),
		receiver_id: Someone,
	}),
	status: 201,
	answer: ChatMessage,
	idempotent: true,
	limit: "posts",
	refused: wrong,
	errors: ["NOT_FOUND", "FORBIDDEN", "ID_REUSED", "STREAM_OVERLOADED", "UNAVAILABLE"],
} as const satisfies Omit<Route, "path" | "action">;

export const olderChatRoutes: readonly Route[] = [
	{ ...post, path: "/chat/messages", action: "gateway.sendChatMessage" },
	{ ...post, path: "/chat/persist", action: "gateway.persistChatMessage" },
	{
		...older,
		method: "GET",
		path: "/chat/messages",
		action: "gateway.chatMessages",
		summary: "Messages of a conversation of mine, in order",
		description:
			"As they read now: edits are applied, what was deleted is left out. At most 1,000: with `since` those that follow, else the newest. Better, page by page: `GET /v1/conversations/:streamId/messages`.",
		auth: "user",
		query: Type.Object({
			stream_id: StreamId,
			since: Type.Optional(
				Type.String({
					minLength: 1,
					maxLength: 64,
					description: "A message id, or a time (ISO 8601, or ms since 1970): what came after it",
				}),
			),
		}),
		status: 200,
		answer: Type.Object({ messages: Type.Array(ChatMessage) }),
		refused: wrong,
		errors: ["NOT_FOUND", "UNAVAILABLE"],
	},
];
