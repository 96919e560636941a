import autocannon from "autocannon";
import { cpuSeconds } from "./cpu.ts";

const seconds = 4;
const connections = 32;

export interface Load {
	perSecond: number;
	/** User and system time of the server's process, in µs a request: says what throughput hides where client and server share the cores. */
	cpuMicros: number;
}

/** GETs of these URLs of one server, in turn, as fast as it answers. Throws if one of them is refused. */
export const load = async (server: { pid: number; urls: readonly string[]; headers: Record<string, string> }): Promise<Load> => {
	const { pid, urls, headers } = server;
	const requests = urls.map((url) => ({ path: new URL(url).pathname }));
	const before = cpuSeconds(pid);
	const result = await autocannon({ url: urls[0] ?? "", headers, connections, duration: seconds, requests });
	if (result.non2xx > 0 || result.errors > 0) throw new Error(`${urls[0]}: ${result.non2xx} refused, ${result.errors} errors`);
	const { total } = result.requests;
	return { perSecond: total / result.duration, cpuMicros: ((cpuSeconds(pid) - before) * 1_000_000) / total };
};
