import Type, { type Static } from "typebox";
import { CountersMessage } from "../stream-messages.ts";
import { StreamId } from "./chat.ts";
import { Id, listQuery, Page, Time } from "./common.ts";
import { digests } from "./preferences.ts";
import type { Route } from "./route.ts";

// What operators look at: who is connected, and which node does what.

/** Names of nodes have dots as well. */
const NodeId = Type.String({ minLength: 1, maxLength: 100, pattern: "^[A-Za-z0-9._-]+$" });

export const ConnectionView = Type.Object(
	{
		id: Id,
		userId: Id,
		node: Type.String({ description: "Which serves it" }),
		address: Type.String({ description: "Of the client, as far as trusted proxies tell" }),
		agent: Type.String(),
		stream: StreamId,
		namespace: Type.String(),
		live: Type.Boolean(),
		connectedAt: Time,
		lastMessageAt: Type.Optional(Time),
		endedAt: Type.Optional(Time),
		endedBy: Type.Optional(
			Type.String({ description: "client, timeout, moved, node stopped, node lost, or the code of the problem it was told" }),
		),
	},
	{ $id: "Connection" },
);
export type ConnectionView = Static<typeof ConnectionView>;

export const NodeView = Type.Object(
	{
		id: Type.String(),
		available: Type.Boolean({ description: "It is seen by the node that answers" }),
		ready: Type.Boolean({ description: "It answers, and so do all its services and what they need" }),
		services: Type.Array(Type.String()),
		hostname: Type.Optional(Type.String()),
		sockets: Type.Optional(
			Type.Object({
				address: Type.String({ description: "host:port, its name on the rings" }),
				rings: Type.Array(Type.String(), { description: "Where it takes streams: none once it has been drained" }),
			}),
		),
		cpu: Type.Union([Type.Number(), Type.Null()], { description: "Of the machine, in percent, as it last told" }),
		memory: Type.Union([Type.Integer(), Type.Null()], { description: "Resident, in bytes; null if it does not answer" }),
		uptime: Type.Union([Type.Integer(), Type.Null()], { description: "Of the process, in seconds" }),
	},
	{ $id: "Node" },
);
export type NodeView = Static<typeof NodeView>;

const Place = Type.Object({ node: Type.String(), address: Type.String({ description: "Its name on the ring" }) });
const Places = Type.Array(Place);

export const RingView = Type.Object(
	{
		node: Type.String({ description: "Whose view this is" }),
		settled: Type.Boolean({ description: "It has been up for long enough to rely on what it sees" }),
		rings: Type.Object({ chat: Places, notification: Places }),
		suspects: Type.Array(Type.String(), { description: "Addresses that refused a moment ago and are passed over for seconds" }),
		stream: Type.Optional(Type.Object({ id: StreamId, ring: Type.String(), owner: Type.Union([Place, Type.Null()]) })),
	},
	{ $id: "Ring" },
);
export type RingView = Static<typeof RingView>;

export const StreamView = Type.Object(
	{
		id: StreamId,
		node: Type.String({ description: "That answers: the owner, as the gateway sees it" }),
		owner: Type.Enum(["own", "other", "unknown"], { description: "Whose that node takes the stream for" }),
		active: Type.Boolean({ description: "Somebody follows it or wrote to it a moment ago" }),
		tail: Type.Integer({ minimum: 0, description: "The last seq" }),
		followers: Type.Integer({ minimum: 0, description: "Connections" }),
		members: Type.Integer({ minimum: 0 }),
	},
	{ $id: "Stream" },
);
export type StreamView = Static<typeof StreamView>;

export const ActiveStream = Type.Object(
	{
		id: StreamId,
		node: Type.String({ description: "Where it is active; while it moves it may be on two" }),
		tail: Type.Integer({ minimum: 0, description: "The last seq" }),
		followers: Type.Integer({ minimum: 0, description: "Connections" }),
	},
	{ $id: "ActiveStream" },
);
export type ActiveStream = Static<typeof ActiveStream>;

export const ActiveStreams = Type.Object({
	...Page(ActiveStream).properties,
	silent: Type.Array(Type.String(), { description: "Nodes that did not answer: what is active there is missing" }),
});
export type ActiveStreams = Static<typeof ActiveStreams>;

export const InboxState = Type.Object(
	{
		userId: Id,
		stream: StreamId,
		node: Type.String({ description: "That answers: the owner, as the gateway sees it" }),
		owner: Type.Enum(["own", "other", "unknown"], { description: "Whose that node takes the stream for" }),
		active: Type.Boolean({ description: "Somebody follows it, or something came a moment ago" }),
		followers: Type.Integer({ minimum: 0, description: "Connected devices" }),
		tail: Type.Integer({ minimum: 0, description: "The last seq" }),
		counters: CountersMessage,
		version: Type.Integer({ minimum: 0, description: "Counts what its user did with it; 0: nothing yet" }),
		erased: Type.Boolean({ description: "The account is gone, and its notifications with it" }),
		preferences: Type.Object({
			off: Type.Array(Type.String(), {
				description: "Kind and channel of what is not wanted, such as `chat_notification.email`",
			}),
			digest: Type.Enum([...digests]),
			quietHours: Type.Boolean({ description: "There are hours in which mails wait" }),
		}),
	},
	{ $id: "InboxState" },
);
export type InboxState = Static<typeof InboxState>;

export const OutboxView = Type.Object(
	{
		service: Type.String(),
		collection: Type.String(),
		waiting: Type.Integer({ minimum: 0, description: "Entities with events that should have left by now" }),
		oldest: Type.Optional(Time),
	},
	{ $id: "Outbox" },
);
export type OutboxView = Static<typeof OutboxView>;

const admin = { tag: "admin", auth: ["admin"], status: 200 } as const;

export const adminRoutes: readonly Route[] = [
	{
		...admin,
		method: "GET",
		path: "/v1/admin/connections",
		action: "gateway.connections",
		summary: "Sockets: those that are open, and those that ended within a day",
		description: "Written down about a second after it happens; the time of the last message within half a minute.",
		query: Type.Object({
			user: Type.Optional(Id),
			node: Type.Optional(NodeId),
			live: Type.Optional(Type.Boolean({ description: "Only those that are open, or only those that ended" })),
			...listQuery,
		}),
		answer: Page(ConnectionView),
	},
	{
		...admin,
		method: "GET",
		path: "/v1/admin/nodes",
		action: "gateway.nodes",
		summary: "The processes of this Souk, by name",
		query: Type.Object(listQuery),
		answer: Page(NodeView),
	},
	{
		...admin,
		method: "POST",
		path: "/v1/admin/nodes/:id/drain",
		action: "gateway.drainNode",
		summary: "Take a node off the rings: its streams move to others, it does everything else as before",
		description: "Until it starts again. Its clients are told `moved`. Refused where no other node could take the streams.",
		params: Type.Object({ id: NodeId }),
		body: Type.Optional(Type.Object({})),
		status: 202,
		answer: Type.Object({ id: Type.String() }),
		idempotent: true,
		errors: ["NOT_FOUND", "TRANSITION_REFUSED", "UNAVAILABLE"],
	},
	{
		...admin,
		method: "GET",
		path: "/v1/admin/outboxes",
		action: "gateway.outboxes",
		summary: "Events that wait in the documents that they are about, by service and collection",
		description:
			"An event waits when it has not left `OUTBOX_GRACE_MS` after it was written: the bus is away, or in one process a consumer fails. `oldest`: since when.",
		query: Type.Object(listQuery),
		answer: Page(OutboxView),
		errors: ["UNAVAILABLE"],
	},
	{
		...admin,
		method: "GET",
		path: "/v1/admin/ring",
		action: "gateway.ring",
		summary: "Which nodes take streams, and who owns one",
		query: Type.Object({ stream_id: Type.Optional(StreamId) }),
		answer: RingView,
	},
	{
		...admin,
		method: "GET",
		path: "/v1/admin/inboxes/:userId",
		action: "gateway.inboxState",
		summary: "The inbox of a user: how much is in it, who follows it, what its user wants to be told; not what stands in it",
		params: Type.Object({ userId: Id }),
		answer: InboxState,
		errors: ["NOT_FOUND", "UNAVAILABLE"],
	},
	{
		...admin,
		method: "GET",
		path: "/v1/admin/streams",
		action: "gateway.streams",
		summary: "Streams that are active: conversations and inboxes that somebody follows or wrote to a moment ago",
		description: "By id, as each node has them at the moment of its page.",
		query: Type.Object({ node: Type.Optional(NodeId), ...listQuery }),
		answer: ActiveStreams,
	},
	{
		...admin,
		method: "GET",
		path: "/v1/admin/streams/:id",
		action: "gateway.stream",
		summary: "A conversation or an inbox at the node that owns it",
		params: Type.Object({ id: StreamId }),
		answer: StreamView,
		errors: ["NOT_FOUND", "UNAVAILABLE"],
	},
];
