import assert from "node:assert/strict";
import { DomainError } from "../../../contracts/errors.ts";
import { type NotificationKind, notificationKinds, type PreferencesChange } from "../../../contracts/http/preferences.ts";
import { NotificationBody } from "../../../contracts/notifications.ts";
import {
	checkChange,
	decideChange,
	decideGone,
	decideTurnOff,
	isZone,
	type Preferences,
	preferencesView,
	standard,
	wants,
} from "../../../services/notification/preferences.ts";

const stored = (change: Partial<Preferences> = {}): Preferences => ({
	...{ _id: "ann", version: 3, updatedAt: "2026-03-04T05:06:07.008Z", ...structuredClone(standard), ...change },
});
const wrong = (change: object): string[] => {
	try {
		checkChange(change as PreferencesChange);
		return [];
	} catch (error) {
		assert.ok(error instanceof DomainError && error.code === "VALIDATION", String(error));
		return (error.extras.errors ?? []).map(({ pointer }) => pointer);
	}
};
const quiet = { start: "22:00", end: "07:00", zone: "Asia/Kuala_Lumpur" };
const chosen = (found: Preferences, change: PreferencesChange): Preferences => ({
	...found,
	...(decideChange(found, change)?.set as Partial<Preferences>),
});

describe("notification: preferences", () => {
	it("know every notification_type there is", () => {
		const types = NotificationBody.anyOf.map((body) => body.properties.notification_type.const);
		assert.deepEqual([...notificationKinds].sort(), types.sort());
	});

	it("begin with everything on, no quiet hours and no digest", () => {
		const all = Object.fromEntries(notificationKinds.map((kind) => [kind, { inbox: true, email: true }]));
		assert.deepEqual(preferencesView(null), { kinds: all, quietHours: null, digest: "off", version: 1 });
		for (const kind of notificationKinds) assert.ok(wants(undefined, kind, "inbox") && wants(undefined, kind, "email"));
	});

	it("replace what is given and keep the rest", () => {
		const first = chosen(stored(), { kinds: { chat_notification: { inbox: false } }, quietHours: quiet });
		assert.deepEqual(first.kinds.chat_notification, { inbox: false, email: true });
		assert.deepEqual(first.kinds.announcement, { inbox: true, email: true });
		const second = chosen(first, { kinds: { chat_notification: { email: false } }, digest: "daily" });
		assert.deepEqual(second.kinds.chat_notification, { inbox: false, email: false });
		assert.deepEqual([second.quietHours, second.digest], [quiet, "daily"]);
		assert.equal(chosen(second, { quietHours: null }).quietHours, null);
		assert.equal(wants(second, "chat_notification", "inbox"), false);
		assert.equal(wants(second, "announcement", "inbox"), true);
	});

	it("of before there was a kind have it on", () => {
		const { chat_notification: _later, ...kinds } = standard.kinds;
		const found = stored({ kinds: kinds as Preferences["kinds"] });
		assert.equal(wants(found, "chat_notification", "email"), true);
		assert.deepEqual(preferencesView(found).kinds, standard.kinds);
		const off = { "kinds.chat_notification": { inbox: true, email: false } };
		assert.deepEqual(decideTurnOff(found, "chat_notification")?.set, off);
	});

	it("name no more mistakes than a schema's check does, however many a body has", () => {
		const kinds = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, {}]));
		assert.equal(wrong({ kinds }).length, 64);
	});

	it("are not written where nothing changes", () => {
		assert.equal(decideChange(stored(), { kinds: { announcement: { inbox: true } }, digest: "off", quietHours: null }), null);
		assert.equal(decideChange(stored(), {}), null);
	});

	it("refuse a version that is not theirs", () => {
		assert.throws(() => decideChange(stored(), { digest: "daily" }, [2]), { code: "VERSION_CONFLICT" });
		assert.ok(decideChange(stored(), { digest: "daily" }, [2, 3]));
		assert.ok(decideChange(stored(), { digest: "daily" }, "*"));
	});

	it("name each field that is wrong", () => {
		assert.deepEqual(wrong({ kinds: { chat_notification: { inbox: false } }, quietHours: quiet }), []);
		assert.deepEqual(wrong({ kinds: { sms: {}, "a/b~c": {} } }), ["/kinds/sms", "/kinds/a~1b~0c"]);
		assert.deepEqual(wrong({ kinds: { announcement: { mail: false } } }), ["/kinds/announcement/mail"]);
		const badHours = { start: "24:00", end: "7:00", zone: "Mars/Olympus" };
		assert.deepEqual(wrong({ quietHours: badHours }), ["/quietHours/start", "/quietHours/end", "/quietHours/zone"]);
		assert.deepEqual(wrong({ quietHours: { ...quiet, end: "22:00" } }), ["/quietHours/end"]);
		assert.deepEqual(wrong({ kinds: { sms: {} }, quietHours: { ...quiet, zone: "" } }), ["/kinds/sms", "/quietHours/zone"]);
	});

	it("do not turn payment reminders off, on either channel", () => {
		const both = { payment_reminder_notification: { inbox: false, email: false } };
		const base = "/kinds/payment_reminder_notification";
		assert.deepEqual(wrong({ kinds: both }), [`${base}/inbox`, `${base}/email`]);
		assert.deepEqual(wrong({ kinds: { payment_reminder_notification: { inbox: true, email: false } } }), [`${base}/email`]);
		assert.deepEqual(wrong({ kinds: { payment_reminder_notification: { inbox: true } } }), []);
	});

	it("take zones of the IANA database and nothing that only looks like one", () => {
		for (const zone of ["Asia/Kuala_Lumpur", "Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"])
			assert.ok(isZone(zone), zone);
		for (const zone of ["", "+08:00", "Berlin", "Europe/Atlantis", "Asia/Kuala Lumpur"]) assert.ok(!isZone(zone), zone);
	});

	it("turn one kind of mail off, once, and no reminder of payments", () => {
		const off = (kind: NotificationKind, found = stored()) => decideTurnOff(found, kind)?.set ?? null;
		assert.deepEqual(off("chat_notification"), { "kinds.chat_notification": { inbox: true, email: false } });
		const done = chosen(stored(), { kinds: { chat_notification: { email: false } } });
		assert.equal(off("chat_notification", done), null);
		assert.equal(off("payment_reminder_notification"), null);
	});

	it("of somebody who has gone keep nothing, and tell them nothing", () => {
		const before = chosen(stored(), { kinds: { announcement: { email: false } }, quietHours: quiet, digest: "daily" });
		const gone = { ...before, ...(decideGone(before)?.set as Partial<Preferences>) };
		assert.deepEqual(gone, { ...stored(), gone: true });
		assert.equal(decideGone(gone), null);
		assert.equal(decideTurnOff(gone, "announcement"), null);
		assert.throws(() => decideChange(gone, { digest: "daily" }), { code: "NOT_FOUND" });
		for (const kind of notificationKinds) assert.ok(!wants(gone, kind, "inbox") && !wants(gone, kind, "email"));
	});
});
