import type { Entry } from "../../../realtime/entry.ts";
import type { Asked } from "../history.ts";
import type { FaultStep } from "../plan.ts";
import type { Ack, Link, LinkListener, World, WorldSource } from "../world.ts";
import type { Breakage } from "./broken.ts";
import { ModelCluster } from "./cluster.ts";
import { ModelLink, serving } from "./link.ts";
import type { ModelNode } from "./node.ts";

const nodesMost = 5;
const pageMost = 50;

/** The model as a world: a few hundred runs a second, the same for the same seed, and broken on purpose if told so. */
export const modelWorlds = (broken?: Breakage): WorldSource => ({
	plan: {},
	open: async (seed) => new ModelWorld(new ModelCluster(seed, broken)),
	close: async () => undefined,
});

class ModelWorld implements World {
	readonly users = ["ann", "bob", "cem"];
	readonly streams = ["s", "t"];
	readonly settleMs = 20_000;
	readonly #cluster: ModelCluster;
	readonly #undo = new Set<() => void>();

	constructor(cluster: ModelCluster) {
		this.#cluster = cluster;
		cluster.clock.pass(300);
	}

	dial(user: string, stream: string, asked: Asked, listener: LinkListener): Link {
		const door = this.#door();
		if (door) return new ModelLink(this.#cluster, serving(this.#cluster, door, stream), user, stream, asked, listener);
		const undo = this.later(2, () => listener.ended("refused"));
		return { post: () => undefined, end: undo };
	}

	post(user: string, stream: string, id: string, text: string, answered: (ack: Ack | null) => void): void {
		let over = false;
		const finish = (ack: Ack | null): void => {
			if (over) return;
			over = true;
			this.later(1 + this.#cluster.random() * 4, () => answered(ack));
		};
		this.later(800, () => finish(null));
		const door = this.#door();
		if (!door) {
			finish(null);
			return;
		}
		const node = serving(this.#cluster, door, stream);
		node.later(2, () => node.actor(stream).post({ from: user, id, text, answer: finish }));
	}

	page(_user: string, stream: string, after: number, answered: (entries: readonly Entry[] | null) => void): void {
		const door = this.#door();
		const finish = (entries: readonly Entry[] | null): void => void this.later(1, () => answered(entries));
		if (door?.state === "up") door.ask(() => this.#cluster.log.after(stream, after, pageMost), finish);
		else finish(null);
	}

	now(): number {
		return this.#cluster.clock.now;
	}

	later(ms: number, act: () => void): () => void {
		return this.#cluster.clock.later(ms, act);
	}

	async pause(ms: number): Promise<void> {
		this.#cluster.clock.pass(ms);
	}

	apply(step: FaultStep): string | null {
		if (step.do === "add") return this.#add();
		if (step.do === "kill server" || step.do === "stop server") return this.#trouble(step);
		const up = this.#cluster.nodes.filter(({ state, draining }) => state === "up" && !draining);
		const node = up[step.node % Math.max(1, up.length)];
		if (!node) return null;
		const done = `${step.do} ${node.name} for ${step.ms} ms`;
		switch (step.do) {
			case "kill":
			case "drain":
				if (up.length < 2) return null;
				if (step.do === "kill") node.kill();
				else node.drain(() => undefined);
				this.#undoAfter(step.do === "drain" ? step.ms + 200 : step.ms, () => node.start());
				return done;
			case "stop":
				node.stop();
				this.#undoAfter(step.ms, () => node.goOn());
				return done;
			case "cut off":
				return this.#cutOff(node, step);
		}
	}

	async heal(): Promise<readonly string[]> {
		for (const undo of [...this.#undo]) undo();
		this.#cluster.clock.pass(1_000);
		for (const node of this.#cluster.nodes) node.start();
		this.#cluster.clock.pass(500);
		this.#cluster.troubled = false;
		return [];
	}

	close(): Promise<void> {
		return Promise.resolve();
	}

	#add(): string | null {
		return this.#cluster.nodes.length < nodesMost ? `add ${this.#cluster.add().name}` : null;
	}

	#cutOff(node: ModelNode, { server, how, ms }: Extract<FaultStep, { do: "cut off" }>): string | null {
		if (node.cutOff.has(server)) return null;
		const reach = { how };
		node.cutOff.set(server, reach);
		this.#undoAfter(ms, () => void node.cutOff.delete(server));
		return `cut ${node.name} off from ${server} (${how}) for ${ms} ms`;
	}

	#trouble(step: Extract<FaultStep, { do: "kill server" | "stop server" }>): string | null {
		const { down } = this.#cluster;
		const { server, ms } = step;
		if (down.has(server)) return null;
		this.#cluster.troubled = true;
		down.set(server, step.do === "kill server" ? "refused" : "silent");
		this.#undoAfter(ms, () => void down.delete(server));
		return `${step.do} ${server} for ${ms} ms`;
	}

	#undoAfter(ms: number, act: () => void): void {
		const undo = (): void => {
			if (!this.#undo.delete(undo)) return;
			stop();
			act();
		};
		this.#undo.add(undo);
		const stop = this.later(ms, undo);
	}

	/** A client comes in anywhere; a node that stands still keeps it waiting. */
	#door(): ModelNode | undefined {
		const there = this.#cluster.nodes.filter(({ state }) => state !== "down");
		return there[Math.floor(this.#cluster.random() * there.length)];
	}
}
