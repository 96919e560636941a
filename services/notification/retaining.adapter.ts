import type { Retain } from "../../config/profile-type.ts";
import { oldRequests } from "../../mixins/retention/requests.ts";
import { aged, handled, type Rule } from "../../mixins/retention/rules.ts";
import { forgetHere, tellErased } from "./changes.mixin.ts";
import { type Inbox, unfaded } from "./inbox.ts";
import type { NotificationService } from "./notification-base.ts";
import { add } from "./seq-set.ts";

// What inboxes forget with time. An archived notification keeps its place: seqs have no gap, and counters are computed from what its user did.

const atOnce = 200;

/**
 * Takes the bodies of the archived that came before `before`; entries are in order of time, so the first younger one ends it. First the log, then
 * the inbox: whoever dies in between erases what is erased. The condition on `archived` keeps what is archived meanwhile from being forgotten.
 */
const fade = async (service: NotificationService, inbox: Inbox, life: number, now: number): Promise<void> => {
	const { _id: stream, version, archived, faded = [] } = inbox;
	const entries = await service.log.atMany(unfaded({ archived, faded }, atOnce).map((seq) => ({ stream, seq })));
	const sorted = entries.sort((a, b) => a.seq - b.seq);
	const young = sorted.findIndex(({ at }) => Date.parse(at) > now - life);
	const seqs = sorted.slice(0, young < 0 ? sorted.length : young).map(({ seq }) => seq);
	if (seqs.length > 0) {
		await service.log.erase(stream, { seqs });
		forgetHere(service, stream);
		tellErased(service, stream);
	}
	const next = young >= 0 ? Date.parse(sorted[young]?.at ?? "") + life : sorted.length === atOnce ? now : null;
	const after = seqs.reduce((set, seq) => add(set, seq, seq), faded);
	await service.store.inboxes.update(
		{ _id: stream, version },
		{
			$set: { faded: after, ...(next !== null && { archivedDue: next }) },
			...(next === null && { $unset: { archivedDue: true } }),
		},
	);
};

export const notificationRetention = (service: NotificationService, lives: Retain): Rule[] => {
	const { inboxes, chat_windows, inbox_connections } = service.store;
	return [
		handled<Inbox>({
			...{ name: "archived_notifications", what: "inboxes were looked through for what was archived long ago" },
			...{ collection: inboxes, field: "archivedDue" },
			handle: (inbox, now) => fade(service, inbox, lives.archived, now),
		}),
		aged({
			...{ name: "chat_windows", what: "conversations that were told of long ago were forgotten" },
			...{ collection: chat_windows, field: "lastAt", life: lives.windows },
		}),
		aged(
			{
				...{ name: "inbox_connections", what: "connections to inboxes that ended were forgotten" },
				...{ collection: inbox_connections, field: "endedAt", life: lives.connections },
			},
			true,
		),
		oldRequests("inbox_requests", "inboxes forgot requests of long ago", inboxes, lives.requests),
	];
};
