import Type, { type Static, type TSchema } from "typebox";
import type { ErrorCode } from "./errors.ts";
import { ChatEntry, InboxEntry, StreamId, streamIdPattern } from "./stream-entries.ts";
import {
	CountersMessage,
	PresenceMessage,
	ProblemMessage,
	ReadyMessage,
	ReceiptMessage,
	RefusedMessage,
	TypingMessage,
} from "./stream-messages.ts";
import {
	AmendAccepted,
	AmendRequest,
	ChatHistory,
	HistoryRequest,
	InboxHistory,
	PositionAccepted,
	PositionRequest,
	PostAccepted,
	PostRequest,
	RefreshAccepted,
	RefreshRequest,
	Token,
	TypingRequest,
} from "./stream-requests.ts";

// Everything that crosses a socket (socket.io 4), in one table: what the server checks, and what the AsyncAPI document says.

export const namespaces = ["/chat", "/notifications"] as const;
export type Namespace = (typeof namespaces)[number];

/** Streams whose id begins so are inboxes, of the user whose id follows. */
export const inboxPrefix = "inbox-";
export const inboxOf = (userId: string): string => `${inboxPrefix}${userId}`;
export const namespaceOf = (stream: string): Namespace => (stream.startsWith(inboxPrefix) ? "/notifications" : "/chat");

/** Bounds of a connection; times in ms. */
export const socketLimits = {
	/** One message, or one body of long polling: a text of 16,000 characters with every one of them escaped (12 bytes), and what is around it. */
	messageBytes: 256 * 1024,
	/** Entries that come first without `after`. */
	last: 50,
	lastMost: 200,
	pingEvery: 20_000,
	/** Without any answer to pings. */
	silence: 20_000,
	/** From the connection to the namespace. */
	join: 10_000,
	/** A token that expired on a live socket may still be refreshed. */
	tokenGrace: 30_000,
} as const;

/** The query of the connection; `EIO`, `transport` and `sid` are engine.io's. */
export const HandshakeQuery = Type.Object({ stream_id: StreamId });
export const HandshakeAuth = Type.Object(
	{
		token: Token,
		after: Type.Optional(
			Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "The last seq that the client has; 0: none" }),
		),
		lastId: Type.Optional(Type.String({ pattern: streamIdPattern, description: "The id of the entry with that seq" })),
		last: Type.Optional(
			Type.Integer({
				minimum: 0,
				maximum: socketLimits.lastMost,
				default: socketLimits.last,
				description: "Without `after`: how many of the newest entries come first",
			}),
		),
	},
	{ $id: "Handshake" },
);
export type HandshakeAuth = Static<typeof HandshakeAuth>;

export const connectErrors = [
	"UNAUTHORIZED",
	"TOKEN_EXPIRED",
	"NOT_FOUND",
	"STREAM_REQUIRED",
	"WRONG_STREAM",
	"VALIDATION",
	"RATE_LIMITED",
	"INTERNAL",
	"UNAVAILABLE",
] as const satisfies readonly ErrorCode[];

/** `data` of socket.io's `connect_error`. */
export const ConnectErrorData = Type.Object(
	{ ...RefusedMessage.properties, code: Type.Unsafe<(typeof connectErrors)[number]>(Type.Enum([...connectErrors])) },
	{ $id: "ConnectError" },
);
export type ConnectErrorData = Static<typeof ConnectErrorData>;

type PerNamespace<T> = Readonly<Partial<Record<Namespace, T>>>;

export interface ServerMessage {
	summary: string;
	/** In each namespace that has it. */
	payload: PerNamespace<TSchema>;
	/** May be dropped on the way: a newer one replaces it. */
	droppable?: true;
	examples: PerNamespace<readonly unknown[]>;
}

export interface ClientMessage {
	summary: string;
	payload: TSchema;
	/** What it is answered in each namespace that has it, `ok` and all; null: nothing. Refusals are `RefusedAck`. */
	ack: PerNamespace<TSchema | null>;
	/** Refusals beyond those that any message can meet. */
	errors: readonly ErrorCode[];
	example: unknown;
	ackExamples: PerNamespace<unknown>;
}

/** What any message with an ack can be refused with. */
export const commonRefusals = ["VALIDATION", "RATE_LIMITED", "INTERNAL", "UNAVAILABLE"] as const satisfies readonly ErrorCode[];

const both = <T>(value: T) => ({ "/chat": value, "/notifications": value });

const stream = "3c6e0b8a9c15224a";
const inbox = "inbox-mfzwizltoq4wc3dp";
const ana = "mfzwizltoq4wc3dp";
const ben = "nzxw63tfebuxgidb";
const at = "2026-03-01T12:00:00.000Z";
const posted = { stream, seq: 41, id: "k3Vd9", type: "message.posted", from: ben, body: { text: "Is it still hot?" }, at };
const edited = { ...posted, seq: 42, id: "k3VdA", type: "message.edited", body: { target: "k3Vd9", text: "Is it hot?" } };
const joined = { ...posted, seq: 43, id: "j1", type: "member.joined", body: { userId: ana, by: ben } };
const left = { ...joined, seq: 44, id: "j2", type: "member.left" };
const deleted = { ...posted, seq: 45, id: "k3VdB", type: "message.deleted", body: { target: "k3Vd9" } };
const erased = { ...posted, seq: 40, id: "k3Vd8", body: null, erased: true };
const chatNotification = {
	stream_id: stream,
	message_id: "k3Vd9",
	sender_id: ben,
	sender_name: "Ben",
	content: "Is it still hot?",
};
const created = {
	...posted,
	stream: inbox,
	seq: 7,
	id: "mzuxg5dfnzsxgzlbnvygkzlu",
	type: "notification.created",
	from: "souk",
	body: { notification_type: "chat_notification", timestamp: at, payload: chatNotification },
};
const counters = { unseen: 1, unread: 3, total: 12, version: 19 };
const presence = { userId: ana, state: "online", lastSeen: at };
const ready = { stream, seq: 45, reset: false, members: [], presence: [], reads: {} };

export const serverMessages = {
	ready: {
		summary: "The first message: who is here, and where the stream stands",
		payload: both(ReadyMessage),
		examples: {
			"/chat": [{ ...ready, members: [{ id: ana, name: "Ana" }], presence: [presence], reads: { [ana]: 44 } }],
			"/notifications": [{ ...ready, stream: inbox, seq: 7, presence: [presence], counters }],
		},
	},
	entries: {
		summary:
			"Entries of the stream, ascending, without a gap or a repeat: first those that the client misses, then as they happen",
		payload: {
			"/chat": Type.Array(ChatEntry, { $id: "ChatEntries", minItems: 1 }),
			"/notifications": Type.Array(InboxEntry, { $id: "InboxEntries", minItems: 1 }),
		},
		examples: {
			"/chat": [
				[erased, posted, edited],
				[joined, left, deleted],
			],
			"/notifications": [[created]],
		},
	},
	presence: {
		summary: "Somebody came, went away, or left",
		payload: both(PresenceMessage),
		droppable: true,
		examples: both([presence]),
	},
	typing: {
		summary: "Somebody is writing, until then unless it is said again",
		payload: { "/chat": TypingMessage },
		droppable: true,
		examples: { "/chat": [{ userId: ben, until: at }] },
	},
	receipt: {
		summary: "What a member has got, or read, up to and with that entry",
		payload: { "/chat": ReceiptMessage },
		droppable: true,
		examples: { "/chat": [{ userId: ana, seq: 45, kind: "read" }] },
	},
	counters: {
		summary: "The numbers on the bell",
		payload: { "/notifications": CountersMessage },
		droppable: true,
		examples: { "/notifications": [counters] },
	},
	moved: {
		summary: "Another node owns the stream now: connect again with `after`, within a second chosen at random",
		payload: both(Type.Object({}, { $id: "Moved" })),
		examples: both([{}]),
	},
	problem: {
		summary: "Why the server is about to disconnect",
		payload: both(ProblemMessage),
		examples: both([{ code: "TOKEN_EXPIRED", title: "The access token has expired", retryable: false }]),
	},
} as const satisfies Readonly<Record<string, ServerMessage>>;
export type ServerMessageName = keyof typeof serverMessages;

const position = { payload: PositionRequest, errors: [], example: { seq: 45 } } as const;

export const clientMessages = {
	post: {
		summary: "Write a message: durable when acked; the same id again gives the same answer",
		payload: PostRequest,
		ack: { "/chat": PostAccepted },
		errors: ["FORBIDDEN", "ID_REUSED", "STREAM_OVERLOADED"],
		example: { id: "k3Vd9", text: "Is it still hot?" },
		ackExamples: { "/chat": { ok: true, seq: 41, at } },
	},
	amend: {
		summary: "Replace the text of a message of one's own, or delete it",
		payload: AmendRequest,
		ack: { "/chat": AmendAccepted },
		errors: ["FORBIDDEN", "NOT_FOUND", "ID_REUSED", "STREAM_OVERLOADED"],
		example: { id: "k3VdA", target: "k3Vd9", text: "Is it hot?" },
		ackExamples: { "/chat": { ok: true, seq: 42 } },
	},
	read: {
		...position,
		summary: "Read up to and with this entry",
		ack: both(PositionAccepted),
		ackExamples: both({ ok: true, seq: 45 }),
	},
	delivered: {
		...position,
		summary: "Got up to and with this entry",
		ack: { "/chat": PositionAccepted },
		ackExamples: { "/chat": { ok: true, seq: 45 } },
	},
	history: {
		summary: "Entries from before",
		payload: HistoryRequest,
		ack: { "/chat": ChatHistory, "/notifications": InboxHistory },
		errors: [],
		example: { before: 41, limit: 1 },
		ackExamples: { "/chat": { ok: true, entries: [erased] }, "/notifications": { ok: true, entries: [created] } },
	},
	refresh: {
		summary: "A new token for this connection, of the same user",
		payload: RefreshRequest,
		ack: both(RefreshAccepted),
		errors: ["UNAUTHORIZED", "TOKEN_EXPIRED"],
		example: { token: "eyJhbGciOiJFZERTQSJ9.e30.c2ln" },
		ackExamples: both({ ok: true, expiresIn: 900 }),
	},
	typing: {
		summary: "The user is writing",
		payload: TypingRequest,
		ack: { "/chat": null },
		errors: [],
		example: {},
		ackExamples: {},
	},
} as const satisfies Readonly<Record<string, ClientMessage>>;
export type ClientMessageName = keyof typeof clientMessages;

/** By event, what a client of the namespace may send; `as const` keeps each one's own type. */
export type ClientPayload<N extends ClientMessageName> = Static<(typeof clientMessages)[N]["payload"]>;

const isOf = (value: object, namespace: Namespace): boolean => Object.hasOwn(value, namespace);

export const clientMessagesOf = (namespace: Namespace): [ClientMessageName, ClientMessage][] =>
	(Object.entries(clientMessages) as [ClientMessageName, ClientMessage][]).filter(([, { ack }]) => isOf(ack, namespace));

export const serverMessagesOf = (namespace: Namespace): [ServerMessageName, ServerMessage][] =>
	(Object.entries(serverMessages) as [ServerMessageName, ServerMessage][]).filter(([, { payload }]) => isOf(payload, namespace));
