// Which suites run side by side. test/times.json knows the seconds of the long ones; a run with SOUK_TEST_TIMES=<file> writes it anew.

/** What is not worth a line in the table, in seconds. */
const short = 4;

/** Each lane in the order of `files`; the longest are dealt out first, each to the lane that has least to do. */
export const lanesOf = (files: readonly string[], count: number, seconds: Readonly<Record<string, number>>): string[][] => {
	const timeOf = (file: string): number => seconds[file] ?? short / 4;
	const lanes = Array.from({ length: count }, () => ({ files: new Set<string>(), time: 0 }));
	for (const file of [...files].sort((a, b) => timeOf(b) - timeOf(a))) {
		const least = lanes.reduce((one, other) => (other.time < one.time ? other : one));
		least.files.add(file);
		least.time += timeOf(file);
	}
	return lanes.map((lane) => files.filter((file) => lane.files.has(file)));
};

/** The text of test/times.json. */
export const asTimes = (seconds: Readonly<Record<string, number>>): string => {
	const long = Object.entries(seconds).filter(([, time]) => time >= short);
	const sorted = long.sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, time]) => [file, Math.round(time)]);
	return `${JSON.stringify(Object.fromEntries(sorted), null, "\t")}\n`;
};
