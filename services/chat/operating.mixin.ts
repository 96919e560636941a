import type { Context, ServiceSchema } from "moleculer";
import { DomainError } from "../../contracts/errors.ts";
import type { StreamView } from "../../contracts/http/admin.ts";
import { activeStreams } from "../../mixins/streams/active-streams.ts";
import { type ConnectionsParams, listConnections } from "../../mixins/streams/connection-list.ts";
import type { ChatService } from "./chat-base.ts";

// What operators see of live conversations; the gateway asks for it.

function connections(this: ChatService, { params }: Context<ConnectionsParams>) {
	return listConnections(this.store.connections, params);
}

async function stream(this: ChatService, { params: { id } }: Context<{ id: string }>): Promise<StreamView> {
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
}

export const operating = {
	actions: {
		connections: { visibility: "public", handler: connections },
		streams: activeStreams,
		stream: { visibility: "public", stream: { param: "id" }, handler: stream },
	},
} as unknown as Partial<ServiceSchema>; // Moleculer's types know neither `stream` nor whose `this` it is
