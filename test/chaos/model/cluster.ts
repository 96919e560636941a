import { seeded } from "../../support/random.ts";
import type { Server } from "../plan.ts";
import type { Breakage } from "./broken.ts";
import { Clock } from "./clock.ts";
import { ModelLog } from "./log.ts";
import { ModelNode, type Reach } from "./node.ts";

const nodesAtFirst = 3;

const hash = (text: string): number => {
	let value = 0x811c9dc5;
	for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
	return Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0;
};

/** What the nodes of the model share: the clock, the log, and the bus, over which each hears which others are there. */
export class ModelCluster {
	readonly clock = new Clock();
	readonly log: ModelLog;
	readonly random: () => number;
	readonly broken: Breakage | undefined;
	readonly nodes: ModelNode[] = [];
	/** When each node was last heard on the bus. */
	readonly beats = new Map<string, number>();
	readonly down = new Map<Server, Reach["how"]>();
	/** Answers of the database may get lost. */
	troubled = false;
	readonly #onEnd = new Map<ModelNode, Set<() => void>>();

	constructor(seed: number, broken: Breakage | undefined) {
		this.random = seeded(seed ^ 0x0c1a57e4);
		this.broken = broken;
		this.log = new ModelLog(broken);
		for (let count = 0; count < nodesAtFirst; count++) this.add();
	}

	add(): ModelNode {
		const node = new ModelNode(`n${this.nodes.length}`, this);
		this.nodes.push(node);
		node.start();
		return node;
	}

	/** Rendezvous hashing: each stream has its favourite among those in view. */
	ownerOf(stream: string, view: readonly string[]): string {
		let best = "";
		let score = -1;
		for (const name of view) {
			const own = hash(`${stream} ${name}`);
			if (own > score) [best, score] = [name, own];
		}
		return best;
	}

	node(name: string): ModelNode | undefined {
		return this.nodes.find((node) => node.name === name);
	}

	/** Answers how to stop listening. */
	onEnd(node: ModelNode, act: () => void): () => void {
		const set = this.#onEnd.get(node) ?? new Set();
		this.#onEnd.set(node, set.add(act));
		return () => void set.delete(act);
	}

	ended(node: ModelNode): void {
		const acts = this.#onEnd.get(node) ?? [];
		this.#onEnd.delete(node);
		for (const act of acts) act();
	}
}
