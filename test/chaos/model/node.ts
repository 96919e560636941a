import type { Entry } from "../../../realtime/entry.ts";
import type { Server } from "../plan.ts";
import { ModelActor } from "./actor.ts";
import type { ModelCluster } from "./cluster.ts";

// A node of the model: it can die, stand still and be cut off from each server. What it does it does through `later`, so that nothing
// happens after its death, and what falls due while it stands still happens when it goes on.

const beatMs = 100;
const forgottenMs = 400;
const giveUpMs = 300;

export interface Reach {
	/** `refused`: fails at once. `silent`: no answer. */
	how: "refused" | "silent";
}

export class ModelNode {
	readonly name: string;
	readonly cluster: ModelCluster;
	readonly actors = new Map<string, ModelActor>();
	/** What an owner knew when it lost the stream; read only where that is broken on purpose. */
	readonly remembered = new Map<string, { tail: number; ring: Entry[] }>();
	readonly cutOff = new Map<Server, Reach>();
	state: "up" | "stopped" | "down" = "down";
	draining = false;
	#life = 0;
	#view: string[] = [];
	#deferred: (() => void)[] = [];

	constructor(name: string, cluster: ModelCluster) {
		this.name = name;
		this.cluster = cluster;
	}

	start(): void {
		if (this.state !== "down") return;
		this.#life += 1;
		this.state = "up";
		this.draining = false;
		this.#view = [this.name];
		this.#beat();
	}

	/** All connections end; what it had not written is gone. */
	kill(): void {
		this.state = "down";
		this.#life += 1;
		this.#deferred = [];
		this.actors.clear();
		this.remembered.clear();
		this.cluster.ended(this);
	}

	stop(): void {
		if (this.state === "up") this.state = "stopped";
	}

	goOn(): void {
		if (this.state !== "stopped") return;
		this.state = "up";
		const due = this.#deferred;
		this.#deferred = [];
		for (const act of due) act();
	}

	/** Leaves the ring, hands its streams over, ends when what it took is written. */
	drain(done: () => void): void {
		this.draining = true;
		this.cluster.beats.delete(this.name);
		for (const actor of [...this.actors.values()]) actor.unload("moved");
		this.later(150, () => {
			this.kill();
			done();
		});
	}

	owns(stream: string): boolean {
		return !this.draining && this.ownerOf(stream) === this.name;
	}

	ownerOf(stream: string): string {
		return this.cluster.ownerOf(stream, this.#view);
	}

	actor(stream: string): ModelActor {
		const known = this.actors.get(stream);
		if (known) return known;
		const actor = new ModelActor(this, stream);
		this.actors.set(stream, actor);
		actor.load();
		return actor;
	}

	later(ms: number, act: () => void): void {
		const life = this.#life;
		this.cluster.clock.later(ms, () => this.#do(life, act));
	}

	/** Asks the database. `answered` gets null when it cannot be reached or did not answer in time: what was asked may still be done, even later. */
	ask<Answer>(work: () => Answer, answered: (answer: Answer | null) => void): void {
		const { cluster } = this;
		const reach = this.cutOff.get("mongo")?.how ?? cluster.down.get("mongo");
		let over = false;
		const finish = (answer: Answer | null): void => {
			if (over) return;
			over = true;
			answered(answer);
		};
		this.later(reach === "refused" ? 5 : giveUpMs, () => finish(null));
		if (reach === "refused") return;
		const there = (): void => {
			if (cluster.down.get("mongo") === "silent") {
				cluster.clock.later(20, there);
				return;
			}
			if (cluster.down.has("mongo")) return;
			const answer = work();
			// The answer has its own way to go, and may find the node cut off or dead.
			const lost = this.cutOff.has("mongo") || (cluster.troubled && cluster.random() < 0.05);
			if (!lost) this.later(1 + cluster.random() * 4, () => finish(answer));
		};
		cluster.clock.later(reach === "silent" ? 100 + cluster.random() * 900 : 1 + cluster.random() * 4, there);
	}

	#do(life: number, act: () => void): void {
		if (life !== this.#life) return;
		if (this.state === "stopped") this.#deferred.push(() => this.#do(life, act));
		else act();
	}

	#beat(): void {
		const { cluster } = this;
		const onBus = !this.cutOff.has("nats") && !cluster.down.has("nats");
		if (onBus) {
			if (!this.draining) cluster.beats.set(this.name, cluster.clock.now);
			const heard = [...cluster.beats].filter(([, at]) => cluster.clock.now - at <= forgottenMs);
			this.#view = heard.map(([name]) => name);
		}
		for (const actor of [...this.actors.values()]) actor.backstop();
		this.later(beatMs, () => this.#beat());
	}
}
