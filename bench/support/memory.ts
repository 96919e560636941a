import { existsSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface Held {
	/** Bytes on V8's heap and of its buffers, after garbage was collected. */
	heap: number;
	rss: number;
}

/** Environment of a process whose memory is to be read. */
export const memoryEnv = (file: string): Record<string, string> => ({
	NODE_OPTIONS: `--expose-gc --import=${new URL("node-memory.ts", import.meta.url)}`,
	BENCH_MEMORY_FILE: file,
});

export const held = async (pid: number, file: string): Promise<Held> => {
	rmSync(file, { force: true });
	process.kill(pid, "SIGUSR2");
	for (const end = performance.now() + 10_000; performance.now() < end; ) {
		if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Held;
		await delay(20);
	}
	throw new Error("the process does not say what it holds");
};
