import { readFileSync, watchFile } from "node:fs";
import type { Environment } from "./environment.ts";

// For tests with processes of their own: all of a cluster jump in time together. Nothing but a test sets SOUK_TEST_CLOCK.

/** How often the file is looked at, in ms. */
const lookEvery = 50;

const offsetIn = (file: string): number => {
	const text = readFileSync(file, "utf8").trim();
	if (!/^-?\d{1,15}$/.test(text)) throw new Error(`SOUK_TEST_CLOCK: ${file} holds no whole number of milliseconds`);
	return Number(text);
};

/**
 * With SOUK_TEST_CLOCK the clock is ahead of the system's by the milliseconds that stand in that file, which is read again whenever it
 * changes (replace it by a rename). A file that is not there or holds anything else ends the process. Answers whether it is set.
 */
export const followTestClock = (clock: { now: () => number }, env: Environment): boolean => {
	const file = env.SOUK_TEST_CLOCK;
	if (!file) return false;
	let offset = offsetIn(file);
	watchFile(file, { interval: lookEvery, persistent: false }, () => {
		offset = offsetIn(file);
	});
	const system = clock.now;
	clock.now = () => system() + offset;
	return true;
};
