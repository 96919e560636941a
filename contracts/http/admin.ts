import Type, { type Static } from "typebox";
import { StreamId } from "./chat.ts";
import { Id, listQuery, Page, Time } from "./common.ts";
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

const admin = { tag: "admin", auth: ["admin"], status: 200 } as const;

export const adminRoutes: readonly Route[] = [
	{
		...admin,
		method: "GET",
		path: "/v1/admin/connections",
		action: "chat.connections",
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
];
