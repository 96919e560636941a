import type { Context, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import type { NotificationService } from "./notification-base.ts";
import type { Delivery } from "./storing.adapter.ts";

// Notifications on their way into inboxes: each goes to the node that owns the inbox, and is stored there.

/** Of one call to another node: far below the bus's largest message. */
const mostAtOnce = 500;

/** The likeliest owner; this node where nobody is known, which is as right. */
const ownerOf = ({ placement, broker }: NotificationService, { userId }: Delivery): string =>
	placement.target(inboxOf(userId))?.id ?? broker.nodeID;

const send = async (service: NotificationService, nodeID: string, items: readonly Delivery[]): Promise<void> => {
	if (nodeID === service.broker.nodeID) return service.storing.store(items);
	for (let at = 0; at < items.length; at += mostAtOnce)
		await service.broker.call("notification.store", { items: items.slice(at, at + mostAtOnce) }, { nodeID });
};

async function deliver(this: NotificationService, items: readonly Delivery[]): Promise<void> {
	const byOwner = Map.groupBy(items, (item) => ownerOf(this, item));
	await Promise.all([...byOwner].map(([nodeID, its]) => send(this, nodeID, its)));
}

export const delivering: Partial<ServiceSchema> = {
	actions: {
		/** At the owner of these inboxes; any other node does it as rightly, and its followers hear of it later. */
		store: {
			visibility: "public",
			handler: function (this: NotificationService, ctx: Context<{ items: Delivery[] }, CallMeta>) {
				return this.storing.store(ctx.params.items);
			} as never, // `this` is set by Moleculer, whose types do not know the service
		},
	},
	methods: { deliver } as unknown as ServiceSchema["methods"],
};
