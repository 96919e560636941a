import type { Context, ServiceSchema } from "moleculer";
import type { NotificationService } from "./notification-base.ts";

// What the other nodes have to hear of an inbox. Both broadcasts may be lost: the next counters make up for the one, and what the other would
// make a node forget, nobody may follow any more.

const moved = "notification.inbox_moved";
const erased = "notification.inbox_erased";

interface Told {
	stream: string;
	by: string;
}

const tell = ({ broker }: NotificationService, event: string, stream: string): void =>
	void broker.broadcast(event, { stream, by: broker.nodeID } satisfies Told, { groups: ["notification"] });

/**
 * Somebody has read or archived something: whoever follows that inbox is told the new counters. Calls on an inbox are made at its owner, where
 * its followers are; they may be elsewhere when it is not the owner who was asked.
 */
export const tellMoved = (service: NotificationService, stream: string): void => {
	service.bell.ring(stream);
	if (service.placement.whose(stream) !== "own") tell(service, moved, stream);
};

export const forgetHere = ({ engine, tails }: NotificationService, stream: string): void => {
	tails.forget(stream);
	engine.forget(stream);
};

export const tellErased = (service: NotificationService, stream: string): void => tell(service, erased, stream);

export const changes: Partial<ServiceSchema> = {
	events: {
		[moved]: {
			handler(this: NotificationService, { params: { stream, by } }: Context<Told>) {
				if (by !== this.broker.nodeID) this.bell.ring(stream);
			},
		},
		[erased]: {
			handler(this: NotificationService, { params: { stream, by } }: Context<Told>) {
				if (by !== this.broker.nodeID) forgetHere(this, stream);
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types do not know whose `this` it is
};
