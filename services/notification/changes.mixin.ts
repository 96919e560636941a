import type { Context, ServiceSchema } from "moleculer";
import type { NotificationService } from "./notification-base.ts";

// Somebody has read or archived something: whoever follows that inbox is told the new counters. Calls on
// an inbox are made at its owner, where its followers are; they may be elsewhere when it is not the owner who is asked. The broadcast may be
// lost; then the next counters make up for it.

const changed = "notification.inbox_changed";

export const tellMoved = ({ bell, broker, placement }: NotificationService, stream: string): void => {
	bell.ring(stream);
	if (placement.whose(stream) === "own") return;
	void broker.broadcast(changed, { stream, by: broker.nodeID }, { groups: ["notification"] });
};

export const changes: Partial<ServiceSchema> = {
	events: {
		[changed]: {
			handler(this: NotificationService, { params: { stream, by } }: Context<{ stream: string; by: string }>) {
				if (by !== this.broker.nodeID) this.bell.ring(stream);
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types do not know whose `this` it is
};
