import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Crowd, CrowdReport } from "./live-crowd-child.ts";
import { until } from "./until.ts";

const file = fileURLToPath(new URL("./live-crowd-child.ts", import.meta.url));

/** The followers of live-crowd-child.ts. They end with the test run. */
export class LiveCrowd {
	readonly #child: ChildProcess;
	#last: Partial<CrowdReport> = {};
	#errors = "";

	constructor(crowd: Crowd) {
		this.#child = spawn(process.execPath, [file, JSON.stringify(crowd)], { stdio: ["pipe", "pipe", "pipe"] });
		this.#child.stderr?.on("data", (chunk: Buffer) => {
			this.#errors += chunk.toString();
		});
		createInterface({ input: this.#child.stdout as NonNullable<ChildProcess["stdout"]> }).on("line", (line) => {
			this.#last = JSON.parse(line) as CrowdReport;
		});
	}

	/** Connections that were made so far. */
	get connections(): number {
		return this.#last.connections ?? 0;
	}

	/** Resolves when so many follow. */
	async live(count: number): Promise<void> {
		const read = async () => ({ live: this.#last.live, connections: this.connections, errors: this.#errors });
		await until(`${count} live followers`, read, ({ live }) => live === count, 180_000);
	}

	/** Resolves when they have seen so many entries, all together. */
	async seen(count: number): Promise<void> {
		const read = async () => ({ seen: this.#last.seen ?? 0, errors: this.#errors });
		await until(`${count} entries seen`, read, ({ seen }) => seen >= count, 90_000);
	}

	/** What all of them saw; then they are gone. */
	async end(): Promise<CrowdReport> {
		const gone = once(this.#child, "close");
		this.#child.stdin?.end("end");
		await gone;
		return this.#last as CrowdReport;
	}
}
