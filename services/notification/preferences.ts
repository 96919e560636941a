import type { CallMeta } from "../../contracts/call.ts";
import { DomainError, type FieldError } from "../../contracts/errors.ts";
import {
	type NotificationKind,
	notificationKinds,
	type PreferencesChange,
	type PreferencesView,
} from "../../contracts/http/preferences.ts";
import type { Change, Entity } from "../../mixins/store/versioned.ts";

// What a person wants to be told, by kind and channel. Whoever never said anything is told everything.

type Settings = Omit<PreferencesView, "version">;
export type Channel = keyof Settings["kinds"][NotificationKind];
export type QuietHours = NonNullable<Settings["quietHours"]>;

const channels: readonly Channel[] = ["inbox", "email"];

/** Under the person's id. */
export interface Preferences extends Entity, Settings {
	/** The account was deleted: they are told nothing any more. All else is as if they had never said anything. */
	gone?: true;
}

/** Who buys has to hear when the payment waits for them. */
const fixedKinds: readonly NotificationKind[] = ["payment_reminder_notification"];

export const standard: Settings = {
	kinds: Object.fromEntries(notificationKinds.map((kind) => [kind, { inbox: true, email: true }])) as Settings["kinds"],
	quietHours: null,
	digest: "off",
};

/** `undefined`: they never said anything. Kinds that came later than their choice are on. */
export const settingsOf = (preferences: Settings | undefined): Settings => {
	const { kinds, quietHours, digest } = preferences ?? standard;
	return { kinds: { ...standard.kinds, ...kinds }, quietHours, digest };
};

/** As if what nobody changed were stored, too. */
export const preferencesView = (preferences: Preferences | null): PreferencesView => ({
	...settingsOf(preferences ?? undefined),
	version: preferences?.version ?? 1,
});

export const wants = (preferences: Preferences | undefined, kind: NotificationKind, channel: Channel): boolean =>
	!preferences?.gone && settingsOf(preferences).kinds[kind][channel];

/** Kind and channel of what somebody does not want. */
export const turnedOff = (preferences: Preferences | undefined): string[] =>
	notificationKinds.flatMap((kind) =>
		channels.filter((channel) => !settingsOf(preferences).kinds[kind][channel]).map((channel) => `${kind}.${channel}`),
	);

const escaped = (member: string): string => member.replaceAll("~", "~0").replaceAll("/", "~1");
const unknown = (parent: string, given: object, known: readonly string[]): FieldError[] =>
	Object.keys(given)
		.filter((word) => !known.includes(word))
		.map((word) => ({ pointer: `${parent}/${escaped(word)}`, detail: `is none of ${known.join(", ")}` }));

const wrongKinds = (kinds: object): FieldError[] => [
	...unknown("/kinds", kinds, notificationKinds),
	...notificationKinds.flatMap((kind) =>
		unknown(`/kinds/${kind}`, (kinds as Record<string, object | undefined>)[kind] ?? {}, channels),
	),
];

const mayNotBeOff = (kinds: NonNullable<PreferencesChange["kinds"]>): FieldError[] =>
	fixedKinds.flatMap((kind) =>
		channels
			.filter((channel) => kinds[kind]?.[channel] === false)
			.map((channel) => ({ pointer: `/kinds/${kind}/${channel}`, detail: "cannot be turned off" })),
	);

const timePattern = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Names of places and UTC, as the IANA database has them; offsets such as +08:00 know nothing of clocks that change. */
export const isZone = (zone: string): boolean => {
	if (!/^[A-Za-z]/.test(zone)) return false;
	try {
		new Intl.DateTimeFormat("en", { timeZone: zone });
		return true;
	} catch (error) {
		if (error instanceof RangeError) return false;
		throw error;
	}
};

const wrongHours = ({ start, end, zone }: QuietHours): FieldError[] => [
	...Object.entries({ start, end })
		.filter(([, time]) => !timePattern.test(time))
		.map(([name]) => ({ pointer: `/quietHours/${name}`, detail: "must be a time from 00:00 to 23:59" })),
	...(start === end ? [{ pointer: "/quietHours/end", detail: "must differ from start" }] : []),
	...(isZone(zone) ? [] : [{ pointer: "/quietHours/zone", detail: "must be a name of the IANA time zone database" }]),
];

/** As many as a schema's check tells: what a body of 1 MiB has wrong would fill ten. */
const mostErrors = 64;

/** Throws VALIDATION with a pointer to each field that is wrong. */
export const checkChange = ({ kinds = {}, quietHours }: PreferencesChange): void => {
	const errors = [...wrongKinds(kinds), ...mayNotBeOff(kinds), ...(quietHours ? wrongHours(quietHours) : [])];
	if (errors.length > 0) throw new DomainError("VALIDATION", undefined, { errors: errors.slice(0, mostErrors) });
};

const changed = (before: Settings, { kinds = {}, quietHours, digest }: PreferencesChange): Settings => ({
	kinds: Object.fromEntries(
		notificationKinds.map((kind) => [kind, { ...before.kinds[kind], ...kinds[kind] }]),
	) as Settings["kinds"],
	quietHours: quietHours === undefined ? before.quietHours : quietHours && only(quietHours),
	digest: digest ?? before.digest,
});

const only = ({ start, end, zone }: QuietHours): QuietHours => ({ start, end, zone });

/** Null: nothing changes. Throws VERSION_CONFLICT; NOT_FOUND for an account that was deleted. */
export const decideChange = (found: Preferences, change: PreferencesChange, ifMatch?: CallMeta["ifMatch"]): Change | null => {
	if (found.gone) throw new DomainError("NOT_FOUND");
	if (ifMatch && ifMatch !== "*" && !ifMatch.includes(found.version)) throw new DomainError("VERSION_CONFLICT");
	const before = settingsOf(found);
	const after = changed(before, change);
	return JSON.stringify(after) === JSON.stringify(before) ? null : { set: { ...after } };
};

/** One kind of mail is not wanted any more. Null: it is off, may not be turned off, or nobody is there to want it. */
export const decideTurnOff = (found: Preferences, kind: NotificationKind): Change | null => {
	if (found.gone || fixedKinds.includes(kind) || !settingsOf(found).kinds[kind].email) return null;
	return { set: { [`kinds.${kind}`]: { ...settingsOf(found).kinds[kind], email: false } } };
};

/** What is left of a person who has gone. */
export const decideGone = (found: Preferences): Change | null => (found.gone ? null : { set: { ...standard, gone: true } });
