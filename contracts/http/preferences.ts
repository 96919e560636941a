import Type, { type Static } from "typebox";
import { Version } from "./common.ts";
import type { Route } from "./route.ts";

// What people want to be told, and how.

/** Every `notification_type` of an inbox; mails belong to one of these too. */
export const notificationKinds = [
	"announcement",
	"purchase_notification",
	"payment_reminder_notification",
	"shipping_update_notification",
	"chat_notification",
] as const;
export type NotificationKind = (typeof notificationKinds)[number];

export const digests = ["off", "hourly", "daily"] as const;

const Channels = Type.Object({ inbox: Type.Boolean(), email: Type.Boolean() });

/** A member for each kind. */
const byKind = <T>(member: T): { [K in NotificationKind]: T } =>
	Object.fromEntries(notificationKinds.map((kind) => [kind, member])) as { [K in NotificationKind]: T };

const QuietHours = Type.Object(
	{
		start: Type.String({ description: "HH:MM, 00:00 to 23:59" }),
		end: Type.String({ description: "HH:MM; before `start` means on the next day" }),
		zone: Type.String({ description: "A name of the IANA time zone database, such as Asia/Kuala_Lumpur" }),
	},
	{ description: "Mails wait until they are over. The inbox does not: it makes no sound" },
);

const Digest = Type.Enum([...digests], {
	description: "Mails about unread messages: one for each conversation, or all of a period in one",
});

export const PreferencesView = Type.Object(
	{
		kinds: Type.Object(byKind(Channels)),
		quietHours: Type.Union([QuietHours, Type.Null()]),
		digest: Digest,
		version: Version,
	},
	{ $id: "Preferences" },
);
export type PreferencesView = Static<typeof PreferencesView>;

/** Words that nobody knows are handed on, to be refused by name: whoever writes `mail` for `email` should hear of it. */
const named = { additionalProperties: Type.Unknown() };
const GivenChannels = Type.Object({ inbox: Type.Optional(Type.Boolean()), email: Type.Optional(Type.Boolean()) }, named);

export const PreferencesChange = Type.Object({
	kinds: Type.Optional(
		Type.Object(byKind(Type.Optional(GivenChannels)), {
			...named,
			description: "What is left out stays as it is. Payment reminders cannot be turned off",
		}),
	),
	quietHours: Type.Optional(Type.Union([QuietHours, Type.Null()])),
	digest: Type.Optional(Digest),
});
export type PreferencesChange = Static<typeof PreferencesChange>;

const path = "/v1/notifications/preferences";
const tag = "notifications";

export const preferencesRoutes: readonly Route[] = [
	{
		method: "GET",
		path,
		action: "notification.preferences",
		summary: "What I want to be told, and how",
		tag,
		auth: "user",
		status: 200,
		answer: PreferencesView,
		entity: true,
	},
	{
		method: "PUT",
		path,
		action: "notification.setPreferences",
		summary: "Change what I want to be told, and how",
		tag,
		auth: "user",
		body: PreferencesChange,
		status: 200,
		answer: PreferencesView,
		entity: true,
		errors: ["VERSION_CONFLICT"],
	},
];
