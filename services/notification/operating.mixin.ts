import type { Context, ServiceSchema } from "moleculer";
import { DomainError } from "../../contracts/errors.ts";
import type { StreamView } from "../../contracts/http/admin.ts";
import { type ConnectionsParams, listConnections } from "../../mixins/streams/connection-list.ts";
import type { NotificationService } from "./notification-base.ts";

// What operators see of live inboxes; the gateway asks for it.

function connections(this: NotificationService, { params }: Context<ConnectionsParams>) {
	return listConnections(this.store.inbox_connections, params);
}

/** An inbox that nothing has come into, and that nobody follows, is not there. */
async function stream(this: NotificationService, { params: { id } }: Context<{ id: string }>): Promise<StreamView> {
	const active = this.engine.look(id);
	const tail = active?.tail ?? (await this.log.tail(id));
	if (tail === 0 && !active) throw new DomainError("NOT_FOUND");
	return {
		id,
		node: this.broker.nodeID,
		owner: this.placement.whose(id),
		active: active !== null,
		tail,
		followers: active?.followers ?? 0,
		members: 1,
	};
}

export const operating = {
	actions: {
		connections: { visibility: "public", handler: connections },
		stream: { visibility: "public", stream: { param: "id" }, handler: stream },
	},
} as unknown as Partial<ServiceSchema>; // Moleculer's types know neither `stream` nor whose `this` it is
