import Type, { type Static } from "typebox";
import type { NotificationBody } from "../../notifications.ts";
import { Id } from "../common.ts";
import type { Route } from "../route.ts";
import { older } from "./older.ts";

// The path of the first notification service: pages by number.

export const OlderNotification = Type.Interface(
	[Type.Object({ notification_type: Type.String(), timestamp: Type.String(), payload: Type.Object({}) })],
	{ id: Type.String(), userId: Id, read: Type.Boolean() },
	{ $id: "OlderNotification" },
);
export type OlderNotification = Static<typeof OlderNotification> & NotificationBody;

export const olderNotificationRoutes: readonly Route[] = [
	{
		...older,
		method: "GET",
		path: "/api/notifications",
		action: "gateway.olderNotifications",
		summary: "My notifications, the newest first",
		description: "Those that are not archived. Better: `GET /v1/notifications`.",
		auth: "user",
		query: Type.Object({
			userId: Type.Optional(Type.String({ description: "The caller's own id; somebody else's is 404" })),
			page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })),
			limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
		}),
		status: 200,
		answer: Type.Object({
			notifications: Type.Array(OlderNotification),
			total: Type.Integer({ minimum: 0, description: "On all pages" }),
		}),
		errors: ["NOT_FOUND"],
	},
];
