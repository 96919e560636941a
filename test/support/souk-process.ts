import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFlags } from "../../scripts/node/flags.ts";
import { isNodeMessage, type NodeMessage } from "../../scripts/node/parent.ts";

// One node of Souk as a process of its own, to be killed and started again. Nothing of it outlives the test run: it ends when
// the channel to its parent closes.

const root = fileURLToPath(new URL("../../", import.meta.url));
const startBound = 60_000;
const logBound = 400_000;

/** What a child needs of our own environment: servers on PATH, coverage, what Node compiled before. No setting of Souk leaks in. */
const inherited = ["PATH", "HOME", "TMPDIR", "NODE_V8_COVERAGE", "NODE_COMPILE_CACHE"];
const cleanEnvironment = (): Record<string, string> =>
	Object.fromEntries(inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

export interface Exit {
	code: number | null;
	signal: NodeJS.Signals | null;
}

export class SoukProcess {
	readonly #command: readonly string[];
	readonly #env: Record<string, string>;
	#child: ChildProcess | undefined;
	#exit: Promise<Exit> | undefined;
	#logs = "";
	#port: number | null = null;

	readonly #stdin: "ignore" | "pipe";

	/** @param script path from the root of the repository @param stdin `pipe`: see `type` */
	constructor(
		env: Record<string, string>,
		script = "scripts/start.js",
		args: readonly string[] = [],
		stdin: "ignore" | "pipe" = "ignore",
	) {
		this.#stdin = stdin;
		this.#command = [...nodeFlags, join(root, script), ...args];
		this.#env = { ...cleanEnvironment(), PORT: "0", HOST: "127.0.0.1", ...env };
	}

	get pid(): number {
		const pid = this.#child?.pid;
		if (pid === undefined) throw new Error("this node was not started");
		return pid;
	}

	get url(): string {
		if (this.#port === null) throw new Error("this node has no gateway");
		return `http://127.0.0.1:${this.#port}`;
	}

	get running(): boolean {
		return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
	}

	/** All that it has written so far, over all its lives; the last 400 kB. */
	get logs(): string {
		return this.#logs;
	}

	/** Spawns without waiting: for starts that are to be killed, or to fail. */
	spawn(): void {
		if (this.running) throw new Error("this node is running already");
		const child = spawn(process.execPath, this.#command, {
			// Not the root, where a developer's .env may be.
			cwd: tmpdir(),
			env: this.#env,
			stdio: [this.#stdin, "pipe", "pipe", "ipc"],
		});
		this.#child = child;
		const said = [child.stdout, child.stderr]
			.filter((stream) => stream !== null)
			.map((stream) => {
				stream.on("data", (chunk: Buffer) => {
					this.#logs = (this.#logs + chunk.toString()).slice(-logBound);
				});
				return once(stream, "end");
			});
		// With its last words in `logs`. "close" would say so too, but does not come after a disconnect.
		this.#exit = Promise.all([once(child, "exit"), ...said]).then(([[code, signal]]) => ({ code, signal }));
	}

	/** Resolves when it says so; rejects with its log if it ends or hangs instead. */
	until(type: NodeMessage["type"]): Promise<void> {
		const child = this.#child;
		if (!child) return Promise.reject(new Error("this node was not started"));
		return new Promise((resolve, reject) => {
			const finish = (act: () => void): void => {
				clearTimeout(timer);
				child.off("message", onMessage);
				child.off("exit", onExit);
				act();
			};
			const fail = (what: string): void => finish(() => reject(new Error(`Souk ${what}. Its log:\n${this.#logs}`)));
			const onMessage = (message: unknown): void => {
				if (!isNodeMessage(message) || message.type !== type) return;
				if (message.port !== null) this.#keepPort(message.port);
				finish(resolve);
			};
			const onExit = (): void => void this.exited().then(() => fail(`ended before it was ${type}`));
			const timer = setTimeout(() => fail(`was not ${type} within ${startBound / 1_000} s`), startBound);
			child.on("message", onMessage);
			child.on("exit", onExit);
		});
	}

	async start(): Promise<void> {
		this.spawn();
		await this.until("ready");
	}

	/** Resolves when it is gone. */
	async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<Exit> {
		if (this.running) this.#child?.kill(signal);
		return this.exited();
	}

	/** Writes into its standard input, or ends that. */
	type(text: string | null): void {
		if (text === null) this.#child?.stdin?.end();
		else this.#child?.stdin?.write(text);
	}

	/** Closes the channel, as the death of this process would. */
	disconnect(): void {
		this.#child?.disconnect();
	}

	async exited(): Promise<Exit> {
		if (!this.#exit) throw new Error("this node was not started");
		return this.#exit;
	}

	/** A second life with the same settings and, if it has a gateway, on the same port. */
	async restart(): Promise<void> {
		await this.kill();
		await this.start();
	}

	/** Clients keep their URL over a restart. */
	#keepPort(port: number): void {
		this.#port = port;
		this.#env.PORT = String(port);
	}
}
