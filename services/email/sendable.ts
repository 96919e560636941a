import type { NotificationKind } from "./mails-of.ts";

/** As `notification.preferencesOf` answers them. */
export interface MailPreferences {
	kinds: Readonly<Record<string, { inbox: boolean; email: boolean }>>;
	quietHours: { start: string; end: string; zone: string } | null;
	digest: "off" | "hourly" | "daily";
}

/** When somebody may get a mail of this kind: now, later, or (null) never. */
export const sendableAt = (now: Date, { kinds }: MailPreferences, kind: NotificationKind | null): Date | null =>
	kind !== null && kinds[kind]?.email === false ? null : now;
