import Type, { type Static } from "typebox";
import { Id, listQuery, Page, Time } from "./common.ts";
import type { Route } from "./route.ts";

/** Name of a stream: of a conversation the 16-hex id of its pair, or `g-<id>` of a group. */
export const StreamId = Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9._:-]+$" });
/** Ids of messages are their poster's own. */
export const MessageId = Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9._:-]+$" });
const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** Length is looked at by the service, in code points: 1 to 16,000. */
const Text = Type.String({ description: "1 to 16,000 characters, kept to the letter" });

export const StreamEntry = Type.Object(
	{
		stream: StreamId,
		seq: Type.Integer({ minimum: 1 }),
		id: MessageId,
		type: Type.String(),
		from: Id,
		body: Type.Unknown({ description: "What the type says; null if it was erased" }),
		at: Time,
		erased: Type.Optional(Type.Literal(true)),
	},
	{ $id: "Entry" },
);

export const ConversationView = Type.Object(
	{
		streamId: StreamId,
		members: Type.Array(Type.Object({ id: Id, name: Type.String() })),
		title: Type.Optional(Type.String()),
		lastEntry: Type.Optional(StreamEntry),
		lastSeq: Seq,
		readSeq: Seq,
		unread: Type.Integer({ minimum: 0, description: "Messages of others after readSeq" }),
		mutedUntil: Type.Optional(Time),
	},
	{ $id: "Conversation" },
);
export type ConversationView = Static<typeof ConversationView>;

export const PostedView = Type.Object({ seq: Type.Integer({ minimum: 1 }), id: MessageId, at: Time });
export type PostedView = Static<typeof PostedView>;

const stream = Type.Object({ streamId: StreamId });
const message = Type.Object({ streamId: StreamId, id: MessageId });
const person = Type.Object({ userId: Id });
const repeats = ["IDEMPOTENCY_KEY_REUSED", "REQUEST_IN_FLIGHT"] as const;
const posting = ["NOT_FOUND", "FORBIDDEN", "STREAM_OVERLOADED", "UNAVAILABLE"] as const;

const tag = "conversations";
export const chatRoutes: readonly Route[] = [
	{
		method: "POST",
		path: "/v1/conversations",
		action: "chat.open",
		summary: "Open a conversation: with one other the pair's own (200 if it is there already), with more a new group",
		tag,
		auth: "user",
		body: Type.Object({
			memberIds: Type.Array(Id, { minItems: 1, maxItems: 255, description: "The others" }),
			title: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
		}),
		status: 201,
		answer: ConversationView,
		found: "The pair's conversation was there already",
		location: "/v1/conversations/{streamId}",
		idempotent: true,
		errors: ["NOT_FOUND", "FORBIDDEN", "ID_REUSED", ...repeats],
	},
	{
		method: "GET",
		path: "/v1/conversations",
		action: "chat.list",
		summary: "My conversations, by last activity",
		tag,
		auth: "user",
		query: Type.Object(listQuery),
		status: 200,
		answer: Page(ConversationView),
	},
	{
		method: "GET",
		path: "/v1/conversations/:streamId",
		action: "chat.get",
		summary: "A conversation of mine",
		tag,
		auth: "user",
		params: stream,
		status: 200,
		answer: ConversationView,
		errors: ["NOT_FOUND"],
	},
	{
		method: "POST",
		path: "/v1/conversations/:streamId/members",
		action: "chat.addMember",
		summary: "Take somebody into a group",
		tag,
		auth: "user",
		params: stream,
		body: person,
		status: 200,
		answer: ConversationView,
		idempotent: true,
		errors: ["NOT_FOUND", "FORBIDDEN", "TRANSITION_REFUSED", ...repeats],
	},
	{
		method: "DELETE",
		path: "/v1/conversations/:streamId/members/:userId",
		action: "chat.removeMember",
		summary: "Leave a group; whoever made it may remove others",
		tag,
		auth: "user",
		params: Type.Object({ streamId: StreamId, userId: Id }),
		status: 204,
		answer: null,
		errors: ["NOT_FOUND", "FORBIDDEN", "TRANSITION_REFUSED"],
	},
	{
		method: "POST",
		path: "/v1/conversations/:streamId/mute",
		action: "chat.mute",
		summary: "Be told nothing of it until then; for ever if no time is named; a time that is past ends it",
		tag,
		auth: "user",
		params: stream,
		body: Type.Optional(Type.Object({ until: Type.Optional(Time) })),
		status: 200,
		answer: ConversationView,
		idempotent: true,
		errors: ["NOT_FOUND", ...repeats],
	},
	{
		method: "PUT",
		path: "/v1/blocks/:userId",
		action: "chat.block",
		summary: "Block somebody: neither of you can write to the other",
		tag,
		auth: "user",
		params: person,
		status: 204,
		answer: null,
		errors: ["NOT_FOUND"],
	},
	{
		method: "DELETE",
		path: "/v1/blocks/:userId",
		action: "chat.unblock",
		summary: "End the block",
		tag,
		auth: "user",
		params: person,
		status: 204,
		answer: null,
	},
	{
		method: "GET",
		path: "/v1/conversations/:streamId/messages",
		action: "chat.messages",
		summary: "Its entries, ascending: those after `after`, or those just before `before`; without either the newest",
		tag,
		auth: "user",
		params: stream,
		query: Type.Object({
			after: Type.Optional(Seq),
			before: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
			limit: listQuery.limit,
		}),
		status: 200,
		answer: Type.Object({ items: Type.Array(StreamEntry) }),
		errors: ["NOT_FOUND"],
	},
	{
		method: "POST",
		path: "/v1/conversations/:streamId/messages",
		action: "chat.post",
		summary: "Write a message",
		description: "Stored when it is answered. The same `id` again is the same message; with another text it is refused.",
		tag,
		auth: "user",
		params: stream,
		body: Type.Object({ id: Type.Optional(MessageId), text: Text }),
		status: 201,
		answer: PostedView,
		idempotent: true,
		limit: "posts",
		errors: [...posting, "ID_REUSED", ...repeats],
	},
	{
		method: "PATCH",
		path: "/v1/conversations/:streamId/messages/:id",
		action: "chat.edit",
		summary: "Change the text of a message of mine",
		tag,
		auth: "user",
		params: message,
		body: Type.Object({ text: Text }),
		status: 200,
		answer: PostedView,
		limit: "posts",
		errors: posting,
	},
	{
		method: "DELETE",
		path: "/v1/conversations/:streamId/messages/:id",
		action: "chat.delete",
		summary: "Delete a message of mine",
		tag,
		auth: "user",
		params: message,
		status: 204,
		answer: null,
		limit: "posts",
		errors: posting,
	},
	{
		method: "POST",
		path: "/v1/conversations/:streamId/read",
		action: "chat.read",
		summary: "I have read up to there; only forward",
		tag,
		auth: "user",
		params: stream,
		body: Type.Object({ seq: Seq }),
		status: 200,
		answer: Type.Object({ seq: Seq }),
		errors: ["NOT_FOUND"],
	},
];
