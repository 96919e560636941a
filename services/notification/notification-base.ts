import type { Service } from "moleculer";
import { notificationRoutes } from "../../contracts/http/notifications.ts";
import { inboxPrefix } from "../../contracts/sockets.ts";
import type { ActionStream } from "../../middlewares/placement.ts";
import type { DurableEventsMembers } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import type { RetentionMembers } from "../../mixins/retention/retention.mixin.ts";
import { type Handler as RouteHandler, routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { CollectionSpec } from "../../mixins/store/port.ts";
import type { StoreMembers } from "../../mixins/store/store.mixin.ts";
import { requestsIndex } from "../../mixins/store/versioned.ts";
import type { StoreStreamLog } from "../../mixins/stream-log/stream-log.ts";
import { type StreamRow, streamRows } from "../../mixins/stream-log/stream-row.ts";
import { type ConnectionRow, connectionRows } from "../../mixins/streams/connection-row.ts";
import type { StreamsMembers } from "../../mixins/streams/streams.mixin.ts";
import type { Bell } from "./bell.adapter.ts";
import type { ChatWindows } from "./chat-window.ts";
import type { ChatWindowKeeper } from "./chat-windows.adapter.ts";
import type { Inbox } from "./inbox.ts";
import type { Preferences } from "./preferences.ts";
import type { Delivery, Storing } from "./storing.adapter.ts";
import type { Tails } from "./tails.ts";
import type { TailsSaver } from "./tails-saver.adapter.ts";

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
	inboxes: { indexes: [{ name: "archived_due", fields: [["archivedDue", 1]], sparse: true }, requestsIndex] },
	preferences: {},
	chat_windows: { indexes: [{ name: "last_at", fields: [["lastAt", 1]], sparse: true }] },
	// Names of their own: in one process all services have one database.
	notifications: { indexes: [...streamRows.indexes, { name: "quoted", fields: [["body.payload.sender_id", 1]], sparse: true }] },
	leases: {},
	inbox_connections: connectionRows,
};

export interface NotificationVars {
	log: StoreStreamLog;
	windows: ChatWindowKeeper;
	/** What somebody wants; undefined: they never said. Those who are asked about together are read together. */
	preferencesOf(userId: string): Promise<Preferences | undefined>;
	tails: Tails;
	tailsSaver: TailsSaver;
	storing: Storing;
	/** Tells devices how many there are. */
	bell: Bell;
	/**
	 * Puts each into the inbox of its person, once per id. Resolves when all are durable; what throws may be done in part and is to be
	 * called again.
	 */
	deliver(items: readonly Delivery[]): Promise<void>;
}

export type NotificationMembers = NotificationVars &
	RetentionMembers &
	StoreMembers<NotificationCollections> &
	DurableEventsMembers &
	StreamsMembers;
export type NotificationService = Service & NotificationMembers;

export type Handler<Params, Answer> = RouteHandler<NotificationService, Params, Answer>;

/** The action of one route. */
export const routeAction = routeActions<NotificationService>("notification", notificationRoutes);

/** At the owner of the caller's inbox, where its followers are. */
export const ofCaller: ActionStream = { caller: true, prefix: inboxPrefix };
