import assert from "node:assert/strict";
import { kill as signal } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type SoukClient } from "../../../client/index.ts";
import type { Entry } from "../../../realtime/entry.ts";
import { type Cluster, startCluster } from "../../support/cluster.ts";
import { type Someone, signUp } from "../../support/market.ts";
import type { RunningServer } from "../../support/servers.ts";
import { type Break, breakEnv } from "../breaks/index.ts";
import type { Asked } from "../history.ts";
import type { FaultStep, PlanOptions, Server } from "../plan.ts";
import type { Ack, FollowListener, Link, LinkListener, World, WorldSource } from "../world.ts";
import { ChatNode } from "./chat-node.ts";
import { link } from "./link.ts";
import { pageOverRest, postOverRest } from "./rest.ts";

// The real thing: a gateway with auth, nodes of chat that are processes of their own, NATS, MongoDB and Redis. Clients come in through the
// gateway or at any node.

const nodesAtFirst = 3;
const nodesMost = 4;
const settleMs = 30_000;
const troublesMost = 30;
const plan: PlanOptions = { waits: [20, 100, 400, 1_500], faultMs: 4_000 };

export interface ClusterWorldOptions {
	/** What is wrong with the nodes of chat; nothing without it. */
	broken?: Break | undefined;
}

export interface ClusterWorlds extends WorldSource {
	/** Ends the nodes of chat and starts others that are broken so. */
	breakNodes(broken: Break): Promise<void>;
}

/** One cluster for many runs; each has users and conversations of its own. */
export const clusterWorlds = async ({ broken }: ClusterWorldOptions = {}): Promise<ClusterWorlds> => {
	const cluster = await startCluster({ nodes: [] });
	let parts: Parts = { cluster, nodes: [], env: broken ? breakEnv(broken) : {}, named: 0 };
	const endNodes = async (): Promise<void> => {
		await Promise.all(parts.nodes.map((node) => node.close()));
	};
	const close = async (): Promise<void> => {
		await endNodes();
		await cluster.stop();
	};
	try {
		// Together: the gateway is ready when it sees all services.
		const house = cluster.add({ services: ["gateway", "auth", "orders", "payment", "notification", "email"] });
		await Promise.all([house, addNodes(parts)]);
	} catch (error) {
		await close();
		throw error;
	}
	const breakNodes = async (how: Break): Promise<void> => {
		await endNodes();
		parts = { cluster, nodes: [], env: breakEnv(how), named: 0 };
		await addNodes(parts);
	};
	return { plan, close, breakNodes, open: () => ClusterWorld.open(parts) };
};

interface Parts {
	cluster: Cluster;
	nodes: ChatNode[];
	/** Of each node of chat. */
	env: Record<string, string>;
	/** Nodes that were to be started so far: two of one name would end each other. */
	named: number;
}

const nextName = (parts: Parts): string => {
	parts.named += 1;
	return `chat-${parts.named - 1}`;
};

const addNodes = async (parts: Parts): Promise<void> => {
	const add = async (): Promise<void> => {
		parts.nodes.push(await ChatNode.add(parts.cluster, nextName(parts), parts.env));
	};
	await Promise.all(Array.from({ length: nodesAtFirst }, add));
};

/** Servers and nodes are back; that everybody has noticed takes a moment more. */
const insist = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
	for (let left = 60; ; left--) {
		try {
			return await act();
		} catch (cause) {
			if (left === 0) throw new Error(`${what} is not possible although all is healed`, { cause });
			await delay(250);
		}
	}
};

class ClusterWorld implements World {
	readonly users: readonly string[];
	readonly streams: readonly string[];
	readonly settleMs = settleMs;
	readonly #cluster: Cluster;
	readonly #nodes: ChatNode[];
	readonly #parts: Parts;
	readonly #tokens: ReadonlyMap<string, string>;
	readonly #undo = new Map<string, () => void>();
	readonly #timers = new Set<NodeJS.Timeout>();
	readonly #underWay = new Set<Promise<unknown>>();
	readonly #troubles: string[] = [];
	#dialled = 0;
	#adding = false;

	private constructor(parts: Parts, people: readonly Someone[], streams: readonly string[]) {
		this.#parts = parts;
		this.#cluster = parts.cluster;
		this.#nodes = parts.nodes;
		this.users = people.map(({ id }) => id);
		this.#tokens = new Map(people.map(({ id, token }) => [id, token]));
		this.streams = streams;
	}

	/** Two conversations of the same three people. */
	static async open(parts: Parts): Promise<World> {
		const { cluster } = parts;
		const people = await Promise.all([1, 2, 3].map(() => insist("a new user", () => signUp(cluster.api, "buyer"))));
		const [first, ...others] = people;
		const memberIds = others.map(({ id }) => id);
		const make = (title: string): Promise<string> =>
			insist("a new conversation", async () => {
				const made = await cluster.api.post("/v1/conversations", { memberIds, title }, { token: first?.token ?? "" });
				assert.equal(made.status, 201, made.text);
				return made.body.streamId as string;
			});
		return new ClusterWorld(parts, people, [await make("one"), await make("two")]);
	}

	dial(user: string, stream: string, asked: Asked, listener: LinkListener): Link {
		const target = { namespace: "/chat", stream, token: this.#token(user), position: asked };
		return link(target, { url: this.#door(), transports: this.#transports() }, listener);
	}

	follow(user: string, stream: string, listener: FollowListener): { end(): void } {
		const client: SoukClient = connect({
			url: this.#cluster.url,
			token: this.#token(user),
			backoff: { baseMs: 50, capMs: 1_000 },
		});
		const followed = client.conversation(stream, { after: 0 });
		followed.on("entry", (entry) => listener.entry(entry));
		followed.on("reset", () => listener.reset());
		return { end: () => client.close() };
	}

	post(user: string, stream: string, id: string, text: string, answered: (ack: Ack | null) => void): void {
		this.#track(postOverRest(this.#cluster.api, this.#token(user), stream, id, text, this.#onTrouble).then(answered));
	}

	page(user: string, stream: string, after: number, answered: (entries: readonly Entry[] | null) => void): void {
		this.#track(pageOverRest(this.#cluster.api, this.#token(user), stream, after, this.#onTrouble).then(answered));
	}

	troubles(): readonly string[] {
		return [...this.#troubles, ...this.#nodes.map(({ name, logs }) => `${name}: ${logs.slice(-2_000)}`)];
	}

	now(): number {
		return performance.now();
	}

	later(ms: number, act: () => void): () => void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			act();
		}, ms);
		this.#timers.add(timer);
		return () => {
			clearTimeout(timer);
			this.#timers.delete(timer);
		};
	}

	async pause(ms: number): Promise<void> {
		await delay(ms);
	}

	apply(step: FaultStep): string | null {
		switch (step.do) {
			case "add":
				return this.#add();
			case "kill server":
			case "stop server":
				return this.#trouble(step);
		}
		const up = this.#nodes.filter(({ isUp }) => isUp);
		const node = up[step.node % Math.max(1, up.length)];
		if (!node) return null;
		switch (step.do) {
			case "kill":
			case "drain":
				if (up.length < 2) return null;
				node.end(step.do === "kill" ? "SIGKILL" : "SIGTERM");
				this.#undoAfter(`${node.name} ends`, step.ms, () => node.start());
				return `${step.do} ${node.name}, start it after ${step.ms} ms`;
			case "stop":
				node.stop();
				this.#undoAfter(`${node.name} stands still`, step.ms, () => node.goOn());
				return `stop ${node.name} for ${step.ms} ms`;
			case "cut off": {
				const { server, how, ms } = step;
				const name = `${node.name} is cut off from ${server}`;
				if (this.#undo.has(name)) return null;
				node.cutOff(server, how);
				this.#undoAfter(name, ms, () => node.reach(server));
				return `cut ${node.name} off from ${server} (${how}) for ${ms} ms`;
			}
		}
	}

	async heal(): Promise<readonly string[]> {
		for (const undo of [...this.#undo.values()]) undo();
		await Promise.all(this.#underWay);
		const crashes = this.#nodes.flatMap((node) => node.takeRemarks());
		await Promise.all(this.#nodes.map((node) => node.ensure()));
		return [...crashes, ...this.#nodes.flatMap((node) => node.takeRemarks())];
	}

	/** The cluster stays, healed, for the next run. */
	async close(): Promise<void> {
		for (const timer of this.#timers) clearTimeout(timer);
		await this.heal();
	}

	readonly #onTrouble = (what: string): void => {
		this.#troubles.push(`${new Date().toISOString()} ${what}`);
		if (this.#troubles.length > troublesMost) this.#troubles.shift();
	};

	#add(): string | null {
		if (this.#adding || this.#nodes.length >= nodesMost) return null;
		this.#adding = true;
		const name = nextName(this.#parts);
		// Reaches the list once it is ready; where a server is away at that moment there is one node less.
		this.#track(
			ChatNode.add(this.#cluster, name, this.#parts.env)
				.then(
					(node) => void this.#nodes.push(node),
					() => undefined,
				)
				.finally(() => {
					this.#adding = false;
				}),
		);
		return `add ${name}`;
	}

	#trouble(step: Extract<FaultStep, { do: "kill server" | "stop server" }>): string | null {
		const { server, ms } = step;
		const name = `${server} is away`;
		if (this.#undo.has(name)) return null;
		const target = this.#server(server);
		if (step.do === "stop server") {
			const { pid } = target;
			signal(pid, "SIGSTOP");
			this.#undoAfter(name, ms, () => signal(pid, "SIGCONT"));
		} else {
			const ended = target.kill();
			this.#undoAfter(name, ms, () => ended.then(() => target.restart()));
		}
		return `${step.do} ${server} for ${ms} ms`;
	}

	#server(server: Server): RunningServer {
		const { nats, redis, mongod } = this.#cluster;
		return { nats, redis, mongo: mongod }[server];
	}

	#undoAfter(name: string, ms: number, act: () => unknown): void {
		const undo = (): void => {
			if (!this.#undo.delete(name)) return;
			stop();
			this.#track(Promise.resolve(act()));
		};
		this.#undo.set(name, undo);
		const stop = this.later(ms, undo);
	}

	#track(work: Promise<unknown>): void {
		this.#underWay.add(work);
		// What failed stays, for `heal` to throw.
		work.then(
			() => this.#underWay.delete(work),
			() => undefined,
		);
	}

	#token(user: string): string {
		const token = this.#tokens.get(user);
		if (!token) throw new Error(`${user} is not of this run`);
		return token;
	}

	/** The gateway and the nodes in turn, those that are down too: a client does not know. */
	#door(): string {
		this.#dialled += 1;
		const doors = [this.#cluster.url, ...this.#nodes.map(({ url }) => url)];
		return doors[this.#dialled % doors.length] ?? this.#cluster.url;
	}

	#transports(): readonly ("websocket" | "polling")[] {
		return this.#dialled % 5 === 0 ? ["polling"] : ["websocket"];
	}
}
