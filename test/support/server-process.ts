import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

// A server that a test starts, kills and starts again on the same port and folder. Its children never outlive the test run.

export interface ServerSpec {
	name: string;
	command: string;
	args: readonly string[];
	port: number;
	/** Resolves true once the server serves; asked again and again until it does or has exited. */
	ready: (port: number) => Promise<boolean>;
	/** How long a start may take, in ms. Default 60,000: the first start of a server may have to unpack things. */
	startTimeout?: number;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

export class ServerProcess {
	readonly #spec: ServerSpec;
	#child: ChildProcess | undefined;
	#output = "";

	constructor(spec: ServerSpec) {
		this.#spec = spec;
	}

	get pid(): number {
		const pid = this.#child?.pid;
		if (pid === undefined) throw new Error(`${this.#spec.name} is not running`);
		return pid;
	}

	async start(): Promise<void> {
		const { name, command, args, port, ready, startTimeout = 60_000 } = this.#spec;
		// A process group of its own: Ctrl-C in a terminal would end the server before those that still need it have drained.
		const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
		this.#child = child;
		running.add(child);
		child.once("exit", () => running.delete(child));
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on("data", (chunk: Buffer) => {
				this.#output = (this.#output + chunk.toString()).slice(-8_000);
			});
		}
		const failed = once(child, "error").then(([error]) => Promise.reject(error));
		failed.catch(() => undefined); // seen by the race below, or never
		const deadline = Date.now() + startTimeout;
		while (!(await Promise.race([ready(port), failed]))) {
			if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} ended at its start:\n${this.#output}`);
			if (Date.now() > deadline) {
				child.kill("SIGKILL");
				throw new Error(`${name} was not ready within ${startTimeout} ms:\n${this.#output}`);
			}
			await delay(25);
		}
	}

	/** Resolves when the process is gone. */
	async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
		const child = this.#child;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = once(child, "exit");
		child.kill(signal);
		await gone;
	}

	/** Kills it if it still runs, then starts it on the same port and folder. */
	async restart(): Promise<void> {
		await this.kill();
		await this.start();
	}
}

/** True when whoever listens there answers `say` (or its mere greeting) with something that contains `expect`. */
export const answers = (port: number, say: string, expect: string): Promise<boolean> =>
	new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1");
		const finish = (result: boolean): void => {
			socket.destroy();
			resolve(result);
		};
		socket.setTimeout(1_000, () => finish(false));
		socket.once("error", () => finish(false));
		socket.once("close", () => finish(false));
		socket.once("connect", () => say && socket.write(say));
		socket.on("data", (data) => finish(data.toString("latin1").includes(expect)));
	});
