import type { NotificationKind } from "../../contracts/http/preferences.ts";

// What people choose by. A mail that is about their account has no kind: it obeys no choice.

export type { NotificationKind };

/** Payments cannot be turned off. */
export const turnOffKinds = [
	"announcement",
	"purchase_notification",
	"shipping_update_notification",
	"chat_notification",
] as const satisfies readonly NotificationKind[];

export const canBeTurnedOff = (kind: NotificationKind | null): kind is NotificationKind =>
	turnOffKinds.some((known) => known === kind);

/** As pages call them. */
export const kindNames: Readonly<Record<NotificationKind, string>> = {
	announcement: "announcements",
	purchase_notification: "orders and purchases",
	payment_reminder_notification: "payments",
	shipping_update_notification: "shipping",
	chat_notification: "chat messages",
};
