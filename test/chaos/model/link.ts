import type { Asked } from "../history.ts";
import type { Ack, Link, LinkListener } from "../world.ts";
import type { Follower } from "./actor.ts";
import type { ModelCluster } from "./cluster.ts";
import type { ModelNode } from "./node.ts";

/** Any node takes any connection and passes it on to whom it believes the owner; a dead owner's streams it serves itself. */
export const serving = (cluster: ModelCluster, door: ModelNode, stream: string): ModelNode => {
	const owner = cluster.node(door.ownerOf(stream));
	return !owner || owner.state === "down" || owner.draining ? door : owner;
};

const slowest = 4;

/** A connection in the model: each direction keeps its order, and both take their time. */
export class ModelLink implements Link {
	readonly #cluster: ModelCluster;
	readonly #user: string;
	readonly #stream: string;
	readonly #listener: LinkListener;
	readonly #forget: () => void;
	#node: ModelNode;
	#follower: Follower | undefined;
	#ended = false;
	#lastUp = 0;
	#lastDown = 0;

	constructor(cluster: ModelCluster, node: ModelNode, user: string, stream: string, asked: Asked, listener: LinkListener) {
		this.#cluster = cluster;
		this.#node = node;
		this.#user = user;
		this.#stream = stream;
		this.#listener = listener;
		this.#forget = cluster.onEnd(node, () => this.#cut("the node died"));
		this.#up(() => this.#follow(asked));
	}

	post(id: string, text: string, answered: (ack: Ack | null) => void): void {
		this.#up(() => {
			const answer = (ack: Ack): void => this.#down(() => answered(ack));
			this.#node.actor(this.#stream).post({ from: this.#user, id, text, answer });
		});
	}

	end(): void {
		if (this.#ended) return;
		// What was sent before still arrives.
		this.#up(() => {
			if (this.#follower) this.#node.actors.get(this.#stream)?.leave(this.#follower);
			this.#forget();
		});
		this.#ended = true;
	}

	#follow(asked: Asked): void {
		const follower: Follower = {
			cursor: -1,
			live: false,
			gone: false,
			ready: (ready) => this.#down(() => this.#listener.ready(ready)),
			entries: (entries) => this.#down(() => this.#listener.entries(entries)),
			end: (why) => this.#down(() => this.#cut(why)),
		};
		this.#follower = follower;
		this.#node.actor(this.#stream).follow(asked, follower);
	}

	#up(act: () => void): void {
		if (this.#ended) return;
		const { clock, random } = this.#cluster;
		this.#lastUp = Math.max(this.#lastUp, clock.now + 1 + random() * slowest);
		this.#node.later(this.#lastUp - clock.now, act);
	}

	#down(act: () => void): void {
		const { clock, random } = this.#cluster;
		this.#lastDown = Math.max(this.#lastDown, clock.now + 1 + random() * slowest);
		clock.later(this.#lastDown - clock.now, () => {
			if (!this.#ended) act();
		});
	}

	#cut(why: string): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#forget();
		this.#listener.ended(why);
	}
}
