import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** User and system time of a process. proc(5): fields 14 and 15, counted after the name, which may hold blanks. */
export const cpuSeconds = (pid: number): number => {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

/** Of several processes, what they have used since this was called. */
export const cpuSince = (pids: readonly number[]): (() => number) => {
	const sum = (): number => pids.reduce((seconds, pid) => seconds + cpuSeconds(pid), 0);
	const before = sum();
	return () => sum() - before;
};
