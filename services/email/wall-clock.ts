// Moments by the clock on somebody's wall, in an IANA time zone, across its changes. Intl knows the zones; all else is counted here.

const second = 1_000;
const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Of those that are in use there are some hundreds; people may write one in several ways. */
const keptZones = 1_000;
const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (zone: string): Intl.DateTimeFormat => {
	const known = formats.get(zone);
	if (known) return known;
	if (formats.size >= keptZones) formats.clear();
	const made = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
	formats.set(zone, made);
	return made;
};

/** False also for what only another version of the zones' tables knows. */
export const isZone = (zone: string): boolean => {
	try {
		formatOf(zone);
		return true;
	} catch (error) {
		if (error instanceof RangeError) return false;
		throw error;
	}
};

/** How far that clock is ahead of UTC at a moment, in ms. Throws RangeError for an unknown zone. */
export const offsetAt = (zone: string, at: number): number => {
	const name = formatOf(zone)
		.formatToParts(at)
		.find(({ type }) => type === "timeZoneName")?.value;
	const [, sign, hours = "0", minutes = "0", seconds = "0"] =
		/^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name ?? "") ?? [];
	const offset = Number(hours) * hour + Number(minutes) * minute + Number(seconds) * second;
	return sign === "-" ? -offset : offset;
};

/** The first moment after `from`, up to `to`, with another offset than `from` has; null if `to` has the same. */
const changeBetween = (zone: string, from: number, to: number): number | null => {
	const before = offsetAt(zone, from);
	if (offsetAt(zone, to) === before) return null;
	let [low, high] = [from, to];
	while (high - low > 1) {
		const middle = Math.floor((low + high) / 2);
		if (offsetAt(zone, middle) === before) low = middle;
		else high = middle;
	}
	return high;
};

/**
 * The first moment from `at` on at which nothing is left to wait for. `left` is told what the clock on the wall shows (ms since 1970, as
 * if it were UTC) and answers how many ms it has to go on, 0 for none. Where the clock is changed meanwhile, it is asked again.
 */
export const whenWallSays = (zone: string, at: number, left: (wall: number) => number): number => {
	for (let from = at; ; ) {
		const wait = left(from + offsetAt(zone, from));
		if (wait <= 0) return from;
		const change = changeBetween(zone, from, from + wait);
		if (change === null) return from + wait;
		from = change;
	}
};

/** Ms since midnight. */
export const timeOfDay = (wall: number): number => ((wall % day) + day) % day;
