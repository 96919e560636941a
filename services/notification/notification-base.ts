import type { Service } from "moleculer";
import type { DurableEventsMembers } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import type { CollectionSpec } from "../../mixins/store/port.ts";
import type { StoreMembers } from "../../mixins/store/store.mixin.ts";
import type { StoreStreamLog } from "../../mixins/stream-log/stream-log.ts";
import { type StreamRow, streamRows } from "../../mixins/stream-log/stream-row.ts";
import { type ConnectionRow, connectionRows } from "../../mixins/streams/connection-row.ts";
import type { StreamsMembers } from "../../mixins/streams/streams.mixin.ts";
import type { Bell } from "./bell.adapter.ts";
import type { ChatWindows } from "./chat-window.ts";
import type { ChatWindowKeeper } from "./chat-windows.adapter.ts";
import type { Delivery } from "./delivering.mixin.ts";
import type { Inbox } from "./inbox.ts";
import type { Preferences } from "./preferences.ts";

// What the parts of this service (the *.mixin.ts files beside it) share: its collections and its `this`.

export interface NotificationCollections {
	inboxes: Inbox;
	preferences: Preferences;
	chat_windows: ChatWindows;
	notifications: StreamRow;
	leases: LeaseDocument;
	inbox_connections: ConnectionRow;
}

export const collections: { readonly [K in keyof NotificationCollections]: CollectionSpec } = {
	inboxes: {},
	preferences: {},
	chat_windows: {},
	// Names of their own: in one process all services have one database.
	notifications: streamRows,
	leases: {},
	inbox_connections: connectionRows,
};

export interface NotificationVars {
	log: StoreStreamLog;
	windows: ChatWindowKeeper;
	/** What somebody wants; undefined: they never said. Those who are asked about together are read together. */
	preferencesOf(userId: string): Promise<Preferences | undefined>;
	/** Tells devices how many there are. */
	bell: Bell;
	/**
	 * Puts each into the inbox of its person, once per id. Resolves when all are durable; what throws may be done in part and is to be
	 * called again.
	 */
	deliver(items: readonly Delivery[]): Promise<void>;
}

export type NotificationMembers = NotificationVars &
	StoreMembers<NotificationCollections> &
	DurableEventsMembers &
	StreamsMembers;
export type NotificationService = Service & NotificationMembers;
