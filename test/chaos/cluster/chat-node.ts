import { kill as signal } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster, ClusterNode } from "../../support/cluster.ts";
import { freePort } from "../../support/free-port.ts";
import { type TcpGate, tcpGate } from "../../support/tcp-gate.ts";
import type { Server } from "../plan.ts";

const startsMost = 4;
/** A node that was told to stop ends within 15 s by its own rules; with twice that, a slow machine is no reason. */
const endMs = 30_000;

/** What stands still does not hear that its parent is gone. */
const standing = new Set<number>();
process.once("exit", () => {
	for (const pid of standing) signal(pid, "SIGKILL");
});

/** A node of chat that can be killed, drained, stopped and cut off from each server, each by itself. */
export class ChatNode {
	readonly name: string;
	/** Where its sockets are taken. */
	readonly url: string;
	readonly #node: ClusterNode;
	readonly #gates: Readonly<Record<Server, TcpGate>>;
	#stopped = false;
	#start: Promise<boolean> | undefined;
	#end: Promise<unknown> | undefined;
	#remarks: string[] = [];

	private constructor(name: string, url: string, node: ClusterNode, gates: Record<Server, TcpGate>) {
		this.name = name;
		this.url = url;
		this.#node = node;
		this.#gates = gates;
	}

	/** `env`: what this node gets besides. */
	static async add(cluster: Cluster, name: string, env: Record<string, string> = {}): Promise<ChatNode> {
		const { nats, redis, mongod } = cluster;
		const [toNats, toRedis, toMongo] = await Promise.all([nats, redis, mongod].map(({ port }) => tcpGate(port)));
		if (!toNats || !toRedis || !toMongo) throw new Error("three servers have three gates");
		const port = await freePort();
		const gates = { nats: toNats, redis: toRedis, mongo: toMongo };
		const node = cluster.add({
			services: ["chat"],
			env: {
				NODE_ID: name,
				SOCKET_PORT: String(port),
				ADVERTISE: `127.0.0.1:${port}`,
				TRANSPORTER: `nats://127.0.0.1:${toNats.port}`,
				REDIS_URL: `redis://127.0.0.1:${toRedis.port}`,
				// Found through the replica set's own list of members, the server would be reached past the gate.
				MONGO_URL: `mongodb://127.0.0.1:${toMongo.port}/?directConnection=true`,
				...env,
			},
		});
		try {
			return new ChatNode(name, `http://127.0.0.1:${port}`, await node, gates);
		} catch (error) {
			await Promise.all(Object.values(gates).map((gate) => gate.close()));
			throw error;
		}
	}

	get isUp(): boolean {
		return this.#node.process.running && !this.#stopped && !this.#end && !this.#start;
	}

	get logs(): string {
		return this.#node.process.logs;
	}

	/** Its process is gone, and nobody here ended it. */
	get #hasCrashed(): boolean {
		return !this.#node.process.running && !this.#end && !this.#start;
	}

	/** What nobody had planned, since it was asked last. */
	takeRemarks(): string[] {
		const taken = this.#remarks;
		this.#remarks = [];
		if (this.#hasCrashed) taken.push(`${this.name} ended by itself: ${this.logs.slice(-2_000)}`);
		return taken;
	}

	/** Its end is not waited for; `start` does that. */
	end(how: "SIGKILL" | "SIGTERM"): void {
		this.#end = this.#ended(how);
	}

	/** Begins to start; a start that fails (a server is away) is tried again by `ensure`. */
	start(): void {
		this.#start ??= this.#tryStart();
	}

	stop(): void {
		const { pid } = this.#node.process;
		this.#stopped = true;
		standing.add(pid);
		signal(pid, "SIGSTOP");
	}

	goOn(): void {
		if (!this.#stopped) return;
		const { pid } = this.#node.process;
		this.#stopped = false;
		standing.delete(pid);
		signal(pid, "SIGCONT");
	}

	cutOff(server: Server, how: "refused" | "silent"): void {
		if (how === "refused") this.#gates[server].cut();
		else this.#gates[server].silence();
	}

	reach(server: Server): void {
		this.#gates[server].open();
	}

	/** Resolves when it runs and is ready. */
	async ensure(): Promise<void> {
		this.goOn();
		for (let count = 0; count < startsMost; count++) {
			if (!this.#start && !this.#end && this.#node.process.running) return;
			this.start();
			await this.#start;
		}
		if (!this.isUp) throw new Error(`${this.name} does not start although all is healed:\n${this.logs.slice(-4_000)}`);
	}

	/** Drains it. */
	async close(): Promise<void> {
		this.goOn();
		await this.#start;
		if (this.#node.process.running) await this.#ended("SIGTERM");
		await Promise.all(Object.values(this.#gates).map((gate) => gate.close()));
	}

	async #ended(how: "SIGKILL" | "SIGTERM"): Promise<void> {
		const late = new AbortController();
		const bound = delay(endMs, "late", { signal: late.signal }).catch(() => "in time");
		const first = await Promise.race([this.#node.process.kill(how), bound]);
		late.abort();
		if (first !== "late") return;
		this.#remarks.push(`${this.name} did not end within ${endMs} ms of ${how}: ${this.logs.slice(-2_000)}`);
		await this.#node.process.kill("SIGKILL");
	}

	async #tryStart(): Promise<boolean> {
		await this.#end;
		this.#end = undefined;
		try {
			if (!this.#node.process.running) await this.#node.process.start();
			return true;
		} catch {
			return false; // its log says why; `ensure` tries again once the servers are there, and fails with that log
		} finally {
			this.#start = undefined;
		}
	}
}
