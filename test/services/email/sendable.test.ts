import assert from "node:assert/strict";
import fc from "fast-check";
import { digestEnd, type MailPreferences, type QuietHours, sendableAt } from "../../../services/email/sendable.ts";
import { offsetAt } from "../../../services/email/wall-clock.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const preferences = (given: Partial<MailPreferences>): MailPreferences => ({
	kinds: {},
	quietHours: null,
	digest: "off",
	...given,
});

const quiet = (start: string, end: string, zone: string): QuietHours => ({ start, end, zone });

const release = (now: string, quietHours: QuietHours): string => {
	const at = sendableAt(Date.parse(now), preferences({ quietHours }), "chat_notification");
	return at === null ? "never" : new Date(at).toISOString().replace(".000Z", "Z");
};

const zones = [
	"UTC",
	"Asia/Kuala_Lumpur",
	"Asia/Kathmandu", // + 5:45
	"Asia/Kolkata", // + 5:30
	"Australia/Lord_Howe", // moves by half an hour
	"America/St_Johns", // - 3:30, and changes
	"Pacific/Chatham", // + 12:45, and changes
	"Europe/Berlin",
	"America/New_York",
	"America/Santiago", // changes at midnight
	"Pacific/Kiritimati", // + 14
];
const shown = { hourCycle: "h23", hour: "2-digit", minute: "2-digit" } as const;
const walls = new Map(zones.map((name) => [name, new Intl.DateTimeFormat("en-GB", { timeZone: name, ...shown })]));

/** What a clock on the wall shows: minutes since midnight, asked of Intl in another way than the code does. */
const wallMinutes = (zone: string, at: number): number => {
	const [hours = 0, minutes = 0] = (walls.get(zone)?.format(at) ?? "").split(":").map(Number);
	return hours * 60 + minutes;
};

const minutesOf = (time: string): number => {
	const [hours = 0, minutes = 0] = time.split(":").map(Number);
	return hours * 60 + minutes;
};

const isQuiet = ({ start, end, zone }: QuietHours, at: number): boolean => {
	const [from, to, now] = [minutesOf(start), minutesOf(end), wallMinutes(zone, at)];
	return from <= to ? from <= now && now < to : now >= from || now < to;
};

const zone = fc.constantFrom(...zones);
const time = fc
	.integer({ min: 0, max: 1_439 })
	.map((all) => `${String(Math.floor(all / 60)).padStart(2, "0")}:${String(all % 60).padStart(2, "0")}`);
const quietHours = fc.record({ start: time, end: time, zone });

const from = Date.parse("2026-01-01T00:00:00Z");
/** Two years, and every other time within two days of a change of that zone's clock. */
const changesOf = (name: string): number[] =>
	Array.from({ length: 730 }, (_, index) => from + index * day).filter((at) => offsetAt(name, at) !== offsetAt(name, at + day));
const changes = new Map(zones.map((name) => [name, changesOf(name)]));
const momentIn = (name: string): fc.Arbitrary<number> => {
	const any = fc.integer({ min: from, max: from + 730 * day });
	const found = changes.get(name) ?? [];
	if (found.length === 0) return any;
	return fc.oneof(
		any,
		fc.tuple(fc.constantFrom(...found), fc.integer({ min: -day, max: 2 * day })).map(([at, more]) => at + more),
	);
};
const quietMoment = quietHours.chain((hours) => momentIn(hours.zone).map((at) => ({ hours, at })));

describe("When somebody may get a mail", () => {
	const now = Date.parse("2026-11-21T23:30:00Z");

	it("is at once for who has said nothing", () => {
		assert.equal(sendableAt(now, preferences({}), "chat_notification"), now);
	});

	it("is never for a kind that they have turned off, and at once for the others", () => {
		const off = preferences({ kinds: { chat_notification: { email: false }, announcement: { email: true } } });
		assert.equal(sendableAt(now, off, "chat_notification"), null);
		assert.equal(sendableAt(now, off, "announcement"), now);
		assert.equal(sendableAt(now, off, "purchase_notification"), now);
	});

	it("does not depend on what is said about a kind that cannot be turned off", () => {
		const off = preferences({ kinds: { payment_reminder_notification: { email: false } } });
		assert.equal(sendableAt(now, off, "payment_reminder_notification"), now);
	});

	it("is at once for a mail about the account, in quiet hours too", () => {
		assert.equal(sendableAt(now, preferences({ quietHours: quiet("00:00", "23:59", "UTC") }), null), now);
	});

	it("is at the end of the quiet hours of that day, or of the next one over midnight", () => {
		const night = quiet("22:00", "07:00", "Asia/Kuala_Lumpur");
		assert.equal(release("2026-11-21T13:59:59Z", night), "2026-11-21T13:59:59Z");
		assert.equal(release("2026-11-21T14:00:00Z", night), "2026-11-21T23:00:00Z");
		assert.equal(release("2026-11-21T22:59:59Z", night), "2026-11-21T23:00:00Z");
		assert.equal(release("2026-11-21T23:00:00Z", night), "2026-11-21T23:00:00Z");
		assert.equal(release("2026-11-21T12:30:00Z", quiet("12:00", "13:00", "UTC")), "2026-11-21T13:00:00Z");
	});

	it("is at the right minute where the offset is no full hour", () => {
		assert.equal(release("2026-11-21T17:00:00Z", quiet("22:00", "07:00", "Asia/Kathmandu")), "2026-11-22T01:15:00Z");
		assert.equal(release("2026-11-21T17:00:00Z", quiet("22:00", "07:00", "Asia/Kolkata")), "2026-11-22T01:30:00Z");
	});

	it("is an hour earlier in the night in which the clock is put forward, and later when it is put back", () => {
		const night = quiet("22:00", "07:00", "Europe/Berlin");
		assert.equal(release("2026-03-28T22:30:00Z", night), "2026-03-29T05:00:00Z");
		assert.equal(release("2026-10-24T22:30:00Z", night), "2026-10-25T06:00:00Z");
		// By half an hour only.
		assert.equal(release("2026-10-03T13:00:00Z", quiet("22:00", "07:00", "Australia/Lord_Howe")), "2026-10-03T20:00:00Z");
	});

	it("is when the clock is put forward, where the end falls into what it leaves out", () => {
		assert.equal(release("2026-03-29T00:10:00Z", quiet("01:00", "02:30", "Europe/Berlin")), "2026-03-29T01:00:00Z");
	});

	it("is the first time that the clock shows the end, where it shows it twice; and then it is quiet again", () => {
		const hours = quiet("01:00", "02:30", "Europe/Berlin");
		assert.equal(release("2026-10-24T23:10:00Z", hours), "2026-10-25T00:30:00Z");
		assert.equal(release("2026-10-25T01:10:00Z", hours), "2026-10-25T01:30:00Z");
	});

	it("is at once where the hours begin when they end, and UTC counts for a zone that nobody knows", () => {
		assert.equal(release("2026-11-21T12:00:00Z", quiet("08:00", "08:00", "UTC")), "2026-11-21T12:00:00Z");
		assert.equal(release("2026-11-21T12:30:00Z", quiet("12:00", "13:00", "Mars/Olympus")), "2026-11-21T13:00:00Z");
	});

	it("is never in quiet hours, never before now, and never later than it must be, in any zone", () => {
		fc.assert(
			fc.property(quietMoment, ({ hours, at }) => {
				const when = sendableAt(at, preferences({ quietHours: hours }), "announcement");
				assert.ok(when !== null && when >= at);
				assert.equal(isQuiet(hours, when), false);
				if (when === at) return;
				assert.ok(isQuiet(hours, at));
				// Each minute of the wait was quiet, the last millisecond too.
				for (let waited = at; waited < when; waited += 15 * minute) assert.ok(isQuiet(hours, waited));
				assert.ok(isQuiet(hours, when - 1));
				assert.equal(sendableAt(when, preferences({ quietHours: hours }), "announcement"), when);
			}),
			{ numRuns: 300 },
		);
	});
});

describe("The end of a digest's period", () => {
	const endOf = (at: string, digest: "hourly" | "daily", hours: QuietHours | null): string =>
		new Date(digestEnd(Date.parse(at), digest, hours)).toISOString().replace(".000Z", "Z");
	const inZone = (name: string): QuietHours => quiet("22:00", "07:00", name);

	it("is the next full hour on the wall, or in UTC for who has named no zone", () => {
		assert.equal(endOf("2026-11-21T12:00:00Z", "hourly", null), "2026-11-21T13:00:00Z");
		assert.equal(endOf("2026-11-21T12:59:59Z", "hourly", null), "2026-11-21T13:00:00Z");
		assert.equal(endOf("2026-11-21T12:20:00Z", "hourly", inZone("Asia/Kathmandu")), "2026-11-21T13:15:00Z");
	});

	it("is the next eight in the morning, also in a night of another length", () => {
		assert.equal(endOf("2026-11-21T07:59:59Z", "daily", null), "2026-11-21T08:00:00Z");
		assert.equal(endOf("2026-11-21T08:00:00Z", "daily", null), "2026-11-22T08:00:00Z");
		assert.equal(endOf("2026-03-28T12:00:00Z", "daily", inZone("Europe/Berlin")), "2026-03-29T06:00:00Z");
		assert.equal(endOf("2026-10-24T12:00:00Z", "daily", inZone("Europe/Berlin")), "2026-10-25T07:00:00Z");
	});

	it("is the same for each moment of a period, comes after it, and begins the next", () => {
		const where = zone.chain((name) => momentIn(name).map((at) => ({ name, at })));
		fc.assert(
			fc.property(
				where,
				fc.constantFrom("hourly", "daily"),
				fc.double({ min: 0, max: 1, noNaN: true }),
				(place, digest, part) => {
					const end = digestEnd(place.at, digest, inZone(place.name));
					// Twice as long where the clock shows an hour twice.
					const longest = digest === "hourly" ? 2 * hour : 25 * hour;
					assert.ok(end > place.at && end - place.at <= longest);
					const within = place.at + Math.floor((end - 1 - place.at) * part);
					assert.equal(digestEnd(within, digest, inZone(place.name)), end);
					assert.ok(digestEnd(end, digest, inZone(place.name)) > end);
					if (digest === "daily") assert.equal(wallMinutes(place.name, end), 8 * 60);
				},
			),
			{ numRuns: 300 },
		);
	});
});
