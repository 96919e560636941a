import type { Context, ServiceSchema } from "moleculer";
import { DomainError } from "../../contracts/errors.ts";
import type { InboxState, StreamView } from "../../contracts/http/admin.ts";
import { inboxOf, inboxPrefix } from "../../contracts/sockets.ts";
import { activeStreams } from "../../mixins/streams/active-streams.ts";
import { type ConnectionsParams, listConnections } from "../../mixins/streams/connection-list.ts";
import type { NotificationService } from "./notification-base.ts";
import { settingsOf, turnedOff } from "./preferences.ts";

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

/** `known`: something was in it or chosen for it, or somebody follows it. Whether its user exists is not known here. */
async function inboxState(
	this: NotificationService,
	{ params }: Context<{ userId: string }>,
): Promise<InboxState & { known: boolean }> {
	const { userId } = params;
	const id = inboxOf(userId);
	const active = this.engine.look(id);
	const [{ inbox, tail, counters }, preferences] = await Promise.all([this.bell.standing(id), this.preferencesOf(userId)]);
	const { digest, quietHours } = settingsOf(preferences);
	return {
		known: Boolean(inbox ?? preferences ?? active) || tail > 0,
		userId,
		stream: id,
		node: this.broker.nodeID,
		owner: this.placement.whose(id),
		active: active !== null,
		followers: active?.followers ?? 0,
		tail,
		counters,
		version: inbox?.version ?? 0,
		erased: Boolean(inbox?.erased ?? preferences?.gone),
		preferences: { off: turnedOff(preferences), digest, quietHours: quietHours !== null },
	};
}

export const operating = {
	actions: {
		connections: { visibility: "public", handler: connections },
		streams: activeStreams,
		inboxState: { visibility: "public", stream: { param: "userId", prefix: inboxPrefix }, handler: inboxState },
		stream: { visibility: "public", stream: { param: "id" }, handler: stream },
	},
} as unknown as Partial<ServiceSchema>; // Moleculer's types know neither `stream` nor whose `this` it is
