import type { EventDraft } from "../../contracts/events.ts";
import { openStore, type Store, type StoreCollection } from "../../mixins/store/store.ts";
import type { StoreProfile } from "../../mixins/store/store-profile.ts";
import { type StreamRow, streamRows } from "../../mixins/stream-log/stream-row.ts";
import type { Draft } from "../../realtime/log.ts";

export type LogStore = Store<{ entries: StreamRow }>;

export const openLogStore = (profile: StoreProfile): Promise<LogStore> =>
	openStore<{ entries: StreamRow }>({ collections: { entries: streamRows }, profile, source: "/souk/test" });

/** Any type will do. */
export const anEvent = (subject: string): EventDraft => ({ type: "user.deleted", subject, data: { userId: subject } });

export const aDraft = (stream: string, seq: number, id: string, more: Partial<Draft> = {}): Draft => ({
	stream,
	seq,
	id,
	type: "message.posted",
	from: "ann",
	body: { text: `text of ${id}` },
	at: "2026-01-01T00:00:00.000Z",
	events: [anEvent(id)],
	...more,
});

export type Rows = StoreCollection<StreamRow>;

/** The same collection with another `insertInOrder`. */
export const withInsert = (rows: Rows, insertInOrder: Rows["insertInOrder"]): Rows =>
	new Proxy(rows, {
		get(target, name) {
			if (name === "insertInOrder") return insertInOrder;
			const value = Reflect.get(target, name, target);
			return typeof value === "function" ? value.bind(target) : value;
		},
	});
