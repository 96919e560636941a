import Type, { type Static } from "typebox";
import { NotificationBody } from "../notifications.ts";
import { CountersMessage } from "../stream-messages.ts";
import { listQuery, Time, Version } from "./common.ts";
import type { Route } from "./route.ts";

// A person's inbox. Also followed over sockets, as the stream inbox-<user id> of /notifications.

const NotificationId = Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9._:-]+$" });
const Seq = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

const item = {
	id: NotificationId,
	seq: Type.Integer({ minimum: 1, description: "Its place in the inbox: the newest has the highest" }),
	at: Time,
	seen: Type.Boolean(),
	read: Type.Boolean({ description: "What is read is seen" }),
	archived: Type.Boolean(),
	body: Type.Union([NotificationBody, Type.Null()], { description: "null if it was erased" }),
	erased: Type.Optional(Type.Literal(true)),
};

export const NotificationItem = Type.Object(item, { $id: "NotificationItem" });
export type NotificationItem = Static<typeof NotificationItem>;

const after = {
	counters: CountersMessage,
	version: Type.Integer({
		...Version,
		description: "Of what its user has done with the inbox: counts those changes; also the ETag",
	}),
};

export const NotificationView = Type.Object({ ...item, ...after }, { $id: "NotificationMoved" });
export type NotificationView = Static<typeof NotificationView>;

export const InboxView = Type.Object(after, { $id: "Inbox" });
export type InboxView = Static<typeof InboxView>;

const tag = "notifications";
const errors = ["NOT_FOUND", "IDEMPOTENCY_KEY_REUSED", "REQUEST_IN_FLIGHT", "UNAVAILABLE"] as const;

const ofOne = (action: string, summary: string): Route => ({
	method: "POST",
	path: `/v1/notifications/:id/${action}`,
	action: `notification.${action}`,
	summary,
	tag,
	auth: "user",
	params: Type.Object({ id: NotificationId }),
	body: Type.Optional(Type.Object({})),
	status: 200,
	answer: NotificationView,
	entity: true,
	idempotent: true,
	errors,
});

const ofAll = (path: string, action: string, summary: string): Route => ({
	method: "POST",
	path: `/v1/notifications/${path}`,
	action: `notification.${action}`,
	summary,
	description: "With `seq` only up to and with that one, so that what came after the client looked is left as it is.",
	tag,
	auth: "user",
	body: Type.Optional(Type.Object({ seq: Type.Optional(Seq) })),
	status: 200,
	answer: InboxView,
	entity: true,
	idempotent: true,
	errors,
});

export const notificationRoutes: readonly Route[] = [
	{
		method: "GET",
		path: "/v1/notifications",
		action: "notification.list",
		summary: "My notifications, the newest first, and how many there are",
		description:
			"Without `filter` all that are not archived. Counters are absolute: of two, the one with the higher version is the truth.",
		tag,
		auth: "user",
		query: Type.Object({
			filter: Type.Optional(
				Type.Enum(["unseen", "unread", "archived", "all"], { description: "unseen and unread: those that are not archived" }),
			),
			...listQuery,
		}),
		status: 200,
		answer: Type.Object({
			items: Type.Array(NotificationItem),
			nextCursor: Type.Union([Type.String(), Type.Null()], { description: "null at the end" }),
			counters: CountersMessage,
		}),
		errors: ["UNAVAILABLE"],
	},
	ofOne("read", "I have read this one"),
	ofOne("unread", "Take that back; it stays seen"),
	ofOne("archive", "Put it away: it is counted no more, and listed only where archived ones are asked for"),
	ofAll("seen", "seen", "I have seen what there is"),
	ofAll("read-all", "readAll", "I have read what there is"),
];
