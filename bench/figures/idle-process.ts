import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { startSouk } from "../../test/support/souk.ts";
import type { Figure } from "../support/figure.ts";
import { median, round } from "../support/stats.ts";

const residentMiB = async (pid: number): Promise<number> => {
	const status = await readFile(`/proc/${pid}/status`, "utf8");
	return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
};

/** A fresh embedded process: how long until it is ready, and what it holds when nobody asks for anything. */
export const idleProcess = async (): Promise<Figure[]> => {
	const starts: number[] = [];
	const sizes: number[] = [];
	for (let turn = 0; turn < 5; turn++) {
		const begin = performance.now();
		const souk = await startSouk({});
		starts.push(performance.now() - begin);
		await delay(5000);
		sizes.push(await residentMiB(souk.pid));
		await souk.stop();
	}
	const note = "median of 5 fresh starts with an empty data folder";
	return [
		{ name: "start to ready, embedded", value: round(median(starts) / 1000), unit: "s", bound: { most: 3 }, note },
		{
			name: "idle process, embedded",
			value: round(median(sizes), 0),
			unit: "MiB RSS",
			bound: { most: 180 },
			note: `${note}, 5 s after ready`,
		},
	];
};
