import { canBeTurnedOff, type NotificationKind } from "./kinds.ts";
import { day, hour, isZone, timeOfDay, whenWallSays } from "./wall-clock.ts";

// When a mail may be sent, as its recipient wants it. Told nothing but the time and their preferences, it always answers the same.

/** From `start` to `end` by the clock on their wall, over midnight too; where both are the same there are none. */
export interface QuietHours {
	/** `22:00` */
	start: string;
	end: string;
	/** IANA time zone. */
	zone: string;
}

export type Digest = "off" | "hourly" | "daily";

/** The part of somebody's preferences that mail goes by. */
export interface MailPreferences {
	kinds: Readonly<Partial<Record<NotificationKind, { readonly email: boolean }>>>;
	quietHours: QuietHours | null;
	digest: Digest;
}

const msOf = (time: string): number => {
	const [hours = 0, minutes = 0] = time.split(":").map(Number);
	return hours * hour + minutes * (hour / 60);
};

/** How long quiet hours still last at a time of day; 0: it is none of them. */
const quietLeft = (start: number, end: number, time: number): number => {
	const since = (time - start + day) % day;
	const length = (end - start + day) % day;
	return since < length ? length - since : 0;
};

/** A zone that this node's tables do not know (any more) must not keep mail for ever, nor fail it. */
const zoneOf = (zone: string | undefined): string => (zone !== undefined && isZone(zone) ? zone : "UTC");

const afterQuiet = (now: number, { start, end, zone }: QuietHours): number => {
	const [from, to] = [msOf(start), msOf(end)];
	return whenWallSays(zoneOf(zone), now, (wall) => quietLeft(from, to, timeOfDay(wall)));
};

/** Whether they want mail of this kind at all. */
export const wantsMail = (preferences: MailPreferences, kind: NotificationKind | null): boolean =>
	!canBeTurnedOff(kind) || preferences.kinds[kind]?.email !== false;

/**
 * When a mail may be sent: `now`, the end of the recipient's quiet hours, or null where they want none of this kind. Mail about an account
 * (`kind` null) waits for nothing: whoever asks for a new password sits there and waits.
 */
export const sendableAt = (now: number, preferences: MailPreferences, kind: NotificationKind | null): number | null => {
	if (kind === null) return now;
	if (!wantsMail(preferences, kind)) return null;
	return preferences.quietHours ? afterQuiet(now, preferences.quietHours) : now;
};

/** A day's digest comes at eight in the morning, not at midnight. */
const digestCells = { hourly: { length: hour, from: 0 }, daily: { length: day, from: 8 * hour } } as const;

/**
 * The end of the digest period that `at` is in: the next full hour, or eight in the morning, in the zone of their quiet hours, or UTC. The
 * same for each moment of a period. An hour that the clock shows twice is one period.
 */
export const digestEnd = (at: number, digest: Exclude<Digest, "off">, quietHours: QuietHours | null): number => {
	const { length, from } = digestCells[digest];
	const cellOf = (wall: number): number => Math.floor((wall - from) / length);
	let cell: number | undefined;
	return whenWallSays(zoneOf(quietHours?.zone), at, (wall) => {
		cell ??= cellOf(wall);
		return cellOf(wall) === cell ? (cell + 1) * length + from - wall : 0;
	});
};
