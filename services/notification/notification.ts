import type { EventDraft } from "../../contracts/events.ts";
import type { NotificationBody } from "../../contracts/notifications.ts";
import type { Entry } from "../../realtime/entry.ts";
import type { Draft } from "../../realtime/log.ts";
import type { PostRequest } from "../../realtime/mailbox.ts";
import { userOf } from "./inbox.ts";

// A notification as an entry of its person's inbox.

/** Nobody posts to inboxes but Souk itself. */
export const poster = "souk";
export const entryType = "notification.created";

const created = ({ stream, seq, id, body }: Entry<NotificationBody>): EventDraft => ({
	type: "notification.created",
	subject: stream,
	data: { userId: userOf(stream), seq, id, body: body as NotificationBody }, // one that is being written is not erased
});

/**
 * `id`: the same for the same event and person, so that an event that comes again makes no second one. `told`: somebody may ask for the event that
 * tells of it.
 */
export const newNotification = (id: string, body: NotificationBody, told = true): PostRequest<NotificationBody> => ({
	id,
	from: poster,
	type: entryType,
	body,
	events: (entry) => (told ? [created(entry)] : []),
});

/** The same as an entry of the log. */
export const draftOf = (stream: string, seq: number, id: string, body: NotificationBody, at: string, told = true): Draft => {
	const entry: Entry<NotificationBody> = { stream, seq, id, type: entryType, from: poster, body, at };
	return { ...entry, events: told ? [created(entry)] : [] };
};
