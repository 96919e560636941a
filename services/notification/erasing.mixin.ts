import type { Context, ServiceSchema } from "moleculer";
import type { DomainEvent } from "../../contracts/events.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import { createEntity, mutate } from "../../mixins/store/versioned.ts";
import { forgetHere, tellErased } from "./changes.mixin.ts";
import { decideErase, type Inbox, newInbox } from "./inbox.ts";
import { poster } from "./notification.ts";
import type { NotificationService } from "./notification-base.ts";

// What an account that is deleted leaves behind: seqs without bodies, and an inbox that takes nothing more. Every step may be repeated.

/**
 * The mark first, then the log: whoever stores a notification looks for the mark afterwards, so one of the two finds the other's work. Throws
 * what the store throws: the event comes again.
 */
export const eraseInbox = async (service: NotificationService, userId: string, at: number): Promise<void> => {
	const { inboxes } = service.store;
	const stream = inboxOf(userId);
	const marked = await mutate(inboxes, stream, decideErase, { at });
	if (!marked) {
		const mark = { ...newInbox(userId, new Date(at).toISOString()), erased: true } as const;
		const { created } = await createEntity<Inbox>(inboxes, mark, [], { at });
		if (!created) await mutate(inboxes, stream, decideErase, { at }); // made a moment ago by somebody else
	}
	await service.log.erase(stream, { from: poster });
	forgetHere(service, stream);
	tellErased(service, stream);
};

export const erasing: Partial<ServiceSchema> = {
	events: {
		"user.deleted": {
			durable: {},
			handler(this: NotificationService, { params: { data, time } }: Context<DomainEvent<"user.deleted">>) {
				return eraseInbox(this, data.userId, Date.parse(time));
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types know no `durable`
};
