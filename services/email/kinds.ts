import type { NotificationBody } from "../../contracts/notifications.ts";

/** What people choose by. A mail that is about their account has none: it obeys no choice. */
export type NotificationKind = NotificationBody["notification_type"];

/** Payments cannot be turned off. */
export const canBeTurnedOff = (kind: NotificationKind | null): kind is NotificationKind =>
	kind !== null && kind !== "payment_reminder_notification";
