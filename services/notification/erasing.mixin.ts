import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import { Id } from "../../contracts/http/common.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { createEntity, mutate } from "../../mixins/store/versioned.ts";
import { forgetHere, tellErased } from "./changes.mixin.ts";
import { windowsOf } from "./chat-window.ts";
import { decideErase, type Inbox, newInbox } from "./inbox.ts";
import { poster } from "./notification.ts";
import type { NotificationService } from "./notification-base.ts";
import { forgetPreferences } from "./preferences.mixin.ts";

// What an account that is deleted leaves behind: seqs without bodies, and an inbox that takes nothing more; nor is anything left of what they said
// in the inboxes of others. Every step may be repeated.

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

const pageSize = 100;

/** What they wrote to others, who were told of it: those notifications keep their places. */
const eraseQuotes = async (service: NotificationService, userId: string): Promise<void> => {
	for (;;) {
		const where = { "body.payload.sender_id": userId };
		const page = await service.store.notifications.find({ where, limit: pageSize });
		for (const [stream, rows] of Map.groupBy(page, (row) => row.stream)) {
			await service.log.erase(stream, { seqs: rows.map(({ seq }) => seq) });
			forgetHere(service, stream);
			tellErased(service, stream);
		}
		if (page.length < pageSize) return;
	}
};

/** Nothing is left but that they are gone: what still happens about them is told to nobody. */
const eraseUser = async (service: NotificationService, userId: string, at: number): Promise<void> => {
	await eraseInbox(service, userId, at);
	await forgetPreferences(service, userId);
	await service.store.chat_windows.remove({ _id: windowsOf(userId) });
	await service.store.inbox_connections.remove({ userId, endedAt: { $exists: true } });
	await eraseQuotes(service, userId);
};

export const erasing: Partial<ServiceSchema> = {
	actions: {
		eraseUser: {
			visibility: "public",
			params: typed(Type.Object({ userId: Id })),
			handler(this: NotificationService, { params: { userId } }: Context<{ userId: string }>) {
				return eraseUser(this, userId, clock.now());
			},
		},
	} as unknown as NonNullable<ServiceSchema["actions"]>, // Moleculer's types do not know whose `this` it is
	events: {
		"user.deleted": {
			durable: {},
			handler(this: NotificationService, { params: { data, time } }: Context<DomainEvent<"user.deleted">>) {
				return eraseUser(this, data.userId, Date.parse(time));
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types know no `durable`
};
