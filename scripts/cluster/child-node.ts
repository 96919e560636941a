import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { nodeFlags } from "../node/flags.ts";
import { isNodeMessage } from "../node/parent.ts";
import { exitConfig } from "../node/refusal.ts";

const script = fileURLToPath(new URL("../start.js", import.meta.url));
const firstPause = 500;
const longestPause = 10_000;

/**
 * One node of the cluster as a child process. It is started again when it dies, with growing pauses, and its lines carry its name.
 */
export class ChildNode {
	readonly name: string;
	readonly #env: NodeJS.ProcessEnv;
	readonly #onSettingsRefused: () => void;
	#child: ChildProcess | undefined;
	#timer: NodeJS.Timeout | undefined;
	#pause = firstPause;
	#stopping = false;
	#port: number | null = null;
	readonly #ready = Promise.withResolvers<void>();

	constructor(name: string, env: NodeJS.ProcessEnv, onSettingsRefused: () => void) {
		this.name = name;
		this.#env = env;
		this.#onSettingsRefused = onSettingsRefused;
	}

	get pid(): number | undefined {
		return this.#child?.pid;
	}

	/** Where its gateway listens; null before it is ready and on nodes without one. */
	get port(): number | null {
		return this.#port;
	}

	/** Resolves when it was ready for the first time. */
	get ready(): Promise<void> {
		return this.#ready.promise;
	}

	start(): void {
		const child = spawn(process.execPath, [...nodeFlags, script], { env: this.#env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
		this.#child = child;
		for (const stream of [child.stdout, child.stderr]) {
			if (stream) createInterface({ input: stream }).on("line", (line) => console.log(`${this.name.padEnd(10)} | ${line}`));
		}
		child.on("message", (message) => {
			if (!isNodeMessage(message) || message.type !== "ready") return;
			this.#pause = firstPause;
			this.#port = message.port;
			this.#ready.resolve();
		});
		child.once("exit", (code, signal) => this.#onExit(code, signal));
	}

	/** Resolves when it has drained and is gone; it is killed if that takes longer than `bound` ms. */
	async stop(bound: number): Promise<void> {
		this.#stopping = true;
		clearTimeout(this.#timer);
		const child = this.#child;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = once(child, "exit");
		const last = setTimeout(() => child.kill("SIGKILL"), bound);
		child.kill("SIGTERM");
		await gone;
		clearTimeout(last);
	}

	#onExit(code: number | null, signal: NodeJS.Signals | null): void {
		if (this.#stopping) return;
		if (code === exitConfig) {
			this.#onSettingsRefused();
			return;
		}
		console.error(`${this.name} ended (${signal ?? `code ${code}`}); it starts again in ${this.#pause} ms`);
		this.#timer = setTimeout(() => this.start(), this.#pause);
		this.#pause = Math.min(this.#pause * 2, longestPause);
	}
}
