import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

// Another Node process running a TypeScript file, which a test reads line by line and kills. None outlives the test run.

const running = new Set<ChildProcess>();
process.once("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

export interface NodeChild {
	readonly pid: number;
	/** Lines of stdout so far. */
	readonly lines: readonly string[];
	/** What it said on stderr. */
	readonly errors: string;
	/** Resolves when there are as many lines; rejects if it ends before. */
	until(lines: number): Promise<void>;
	/** Resolves with its exit code (null: a signal) and after its last line was read. */
	readonly ended: Promise<number | null>;
	kill(signal?: NodeJS.Signals): Promise<void>;
}

export const nodeChild = (file: string, ...args: readonly string[]): NodeChild => {
	const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
	running.add(child);
	const lines: string[] = [];
	const waiting: { lines: number; resolve: () => void; reject: (error: Error) => void }[] = [];
	let errors = "";
	child.stderr.on("data", (chunk: Buffer) => {
		errors += chunk.toString();
	});
	const reader = createInterface({ input: child.stdout });
	reader.on("line", (line) => {
		lines.push(line);
		for (const waiter of waiting) if (lines.length >= waiter.lines) waiter.resolve();
	});
	const ended = Promise.all([once(child, "close"), once(reader, "close")]).then(([[code]]) => {
		running.delete(child);
		for (const { reject } of waiting) reject(new Error(`the process ended (${code}) after ${lines.length} lines:\n${errors}`));
		return code as number | null;
	});
	return {
		get pid() {
			return child.pid ?? 0;
		},
		lines,
		get errors() {
			return errors;
		},
		until: (wanted) =>
			new Promise((resolve, reject) => {
				if (lines.length >= wanted) return resolve();
				waiting.push({ lines: wanted, resolve, reject });
			}),
		ended,
		async kill(signal = "SIGKILL") {
			child.kill(signal);
			await ended;
		},
	};
};
