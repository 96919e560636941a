// Loaded into a server that is measured (`--import`): on SIGUSR2 it collects garbage and writes what it holds to the file that BENCH_MEMORY_FILE names.
import { renameSync, writeFileSync } from "node:fs";

process.on("SIGUSR2", () => {
	for (let round = 0; round < 4; round++) globalThis.gc?.();
	const { heapUsed, external, rss } = process.memoryUsage();
	const file = process.env.BENCH_MEMORY_FILE ?? "";
	writeFileSync(`${file}.new`, JSON.stringify({ heap: heapUsed + external, rss }));
	renameSync(`${file}.new`, file);
});
