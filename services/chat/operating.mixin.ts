import type { ServiceSchema } from "moleculer";
import Type from "typebox";
import { DomainError } from "../../contracts/errors.ts";
import { adminRoutes, type ConnectionView, type StreamView } from "../../contracts/http/admin.ts";
import { adminOf } from "../../mixins/call-meta/call-meta.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { Where } from "../../mixins/store/port.ts";
import type { ConnectionRow } from "../../mixins/streams/connection-row.ts";
import type { ChatService, Handler } from "./chat-base.ts";

// What operators see of live conversations.

const routeAction = routeActions<ChatService>("chat", adminRoutes);

const connectionView = ({ _id, live, ...facts }: ConnectionRow): ConnectionView => ({
	id: _id,
	...facts,
	live: live !== undefined,
});

interface ConnectionsParams {
	user?: string;
	node?: string;
	live?: boolean;
	limit?: number;
	cursor?: string;
}

const Position = Type.Object({ connection: Type.String() });

const filterOf = ({ user, node, live, cursor }: ConnectionsParams): Where => ({
	...(user !== undefined && { userId: user }),
	...(node !== undefined && { node }),
	...(live !== undefined && { [live ? "live" : "endedAt"]: { $exists: true } }),
	...(cursor !== undefined && { _id: { $lt: decodeCursor(cursor, Position).connection } }),
});

const connections: Handler<ConnectionsParams, PageOf<ConnectionView>> = async function (ctx) {
	adminOf(ctx);
	const { limit = defaultLimit } = ctx.params;
	const where = filterOf(ctx.params);
	const rows = await this.store.connections.find({ where, sort: [["_id", -1]], limit: limit + 1 });
	return toPage(rows, limit, connectionView, ({ _id }) => ({ connection: _id }));
};

const stream: Handler<{ id: string }, StreamView> = async function (ctx) {
	adminOf(ctx);
	const { id } = ctx.params;
	const conversation = await this.store.conversations.findById(id);
	if (!conversation) throw new DomainError("NOT_FOUND");
	const active = this.engine.look(id);
	return {
		id,
		node: this.broker.nodeID,
		owner: this.placement.whose(id),
		active: active !== null,
		tail: active?.tail ?? (await this.log.tail(id)),
		followers: active?.followers ?? 0,
		members: conversation.members.length,
	};
};

export const operating: Partial<ServiceSchema> = {
	actions: {
		connections: routeAction("connections", connections),
		stream: routeAction("stream", stream, { param: "id" }),
	},
};
