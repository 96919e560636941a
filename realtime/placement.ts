import type { Peer, Peers } from "./peers.ts";
import { Ring, type RingName, ringNames, ringOf } from "./ring.ts";
import { tagIn, tagOf } from "./session-id.ts";

/** `unknown` before the view has settled, and while nobody is on the ring: nothing should be moved for that. */
export type Whose = "own" | "other" | "unknown";

export interface PlacementOptions {
	readonly self: Pick<Peer, "id" | "key">;
	/** How long a node that refused is passed over, in ms. Default 5,000: by then the registry has noticed that it is dead. */
	readonly suspectMs?: number;
	/** Milliseconds that only go forward. */
	readonly now?: () => number;
}

/** As many as a cluster may have nodes; what a flood of reports brings beyond it is forgotten. */
const maxSuspects = 1_024;

const rings = (): Record<RingName, Ring> => ({ chat: Ring.empty, notification: Ring.empty });

/**
 * Which node serves which stream, as this node sees it. Pure but for its clock: others tell it who is there (`setPeers`) and from when
 * that can be relied on (`settle`). Being wrong costs a hop or a `moved`, never an entry: the log's keys decide who writes.
 */
export class Placement implements Peers {
	readonly self: Pick<Peer, "id" | "key">;
	readonly #suspectMs: number;
	readonly #now: () => number;
	readonly #listeners = new Set<() => void>();
	/** Until when, by address. */
	readonly #suspects = new Map<string, number>();
	#byAddress: ReadonlyMap<string, Peer> = new Map();
	#byTag: ReadonlyMap<string, Peer> = new Map();
	readonly #rings = rings();
	#settled = false;

	constructor({ self, suspectMs = 5_000, now = () => performance.now() }: PlacementOptions) {
		this.self = self;
		this.#suspectMs = suspectMs;
		this.#now = now;
	}

	get settled(): boolean {
		return this.#settled;
	}

	/** From now on the view is relied on. */
	settle(): void {
		if (this.#settled) return;
		this.#settled = true;
		this.#tell();
	}

	/** All nodes with sockets, this one among them. Listeners are told if a ring or an address changed. */
	setPeers(peers: readonly Peer[]): void {
		const before = this.#byAddress;
		this.#byAddress = new Map(peers.map((peer) => [peer.address, peer]));
		this.#byTag = new Map(peers.map((peer) => [tagOf(peer.key), peer]));
		// One that started again on the same address is not the one that was suspected.
		for (const [address, peer] of this.#byAddress) if (before.get(address)?.key !== peer.key) this.#suspects.delete(address);
		let changed = false;
		for (const name of ringNames) {
			const next = peers.filter((peer) => peer.rings.includes(name)).map((peer) => peer.address);
			changed = this.#setRing(name, next) || changed;
		}
		if (changed) this.#tell();
	}

	/** Whether a member of a ring is not on it in this list, or has started anew. */
	lost(peers: readonly Peer[]): boolean {
		const next = new Map(peers.map((peer) => [peer.address, peer]));
		return [...this.#byAddress.values()].some(({ address, key, rings }) => {
			const after = next.get(address);
			return after?.key !== key || rings.some((ring) => !after.rings.includes(ring));
		});
	}

	target(stream: string): Peer | null {
		const ring = this.#rings[ringOf(stream)];
		let next: Peer | null = null;
		for (const address of ring.from(stream)) {
			const peer = this.#byAddress.get(address);
			if (!peer || this.#isSuspect(address)) continue;
			// The owner, whoever it is; of those that stand in for it this node, if it can: one hop less.
			if (peer.id === this.self.id || address === ring.owner(stream)) return peer;
			next ??= peer;
		}
		return next;
	}

	/** All nodes that may serve the stream, the likeliest first. */
	*candidates(stream: string): Generator<Peer> {
		const first = this.target(stream);
		if (first) yield first;
		for (const address of this.#rings[ringOf(stream)].from(stream)) {
			const peer = this.#byAddress.get(address);
			if (peer && peer !== first) yield peer;
		}
	}

	whose(stream: string): Whose {
		if (!this.#settled) return "unknown";
		const peer = this.target(stream);
		if (!peer) return "unknown";
		return peer.id === this.self.id ? "own" : "other";
	}

	owns(stream: string): boolean {
		return this.whose(stream) === "own";
	}

	ofSession(sessionId: string): Peer | null {
		const tag = tagIn(sessionId);
		return tag === null ? null : (this.#byTag.get(tag) ?? null);
	}

	suspect(address: string): void {
		if (this.#byAddress.get(address)?.id === this.self.id) return;
		for (const [other, until] of this.#suspects) if (until <= this.#now()) this.#suspects.delete(other);
		if (this.#suspects.size < maxSuspects || this.#suspects.has(address))
			this.#suspects.set(address, this.#now() + this.#suspectMs);
	}

	suspected(): readonly string[] {
		return [...this.#suspects.keys()].filter((address) => this.#isSuspect(address));
	}

	/** Called after a change of who is on the rings, and once when the view has settled. The answer ends it. */
	onChange(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	/** The part of a ring's streams that belongs to a member, 0 to 1. */
	share(name: RingName, address: string): number {
		return this.#rings[name].share(address);
	}

	members(name: RingName): readonly string[] {
		return this.#rings[name].members;
	}

	peers(): Peer[] {
		return [...this.#byAddress.values()];
	}

	#isSuspect(address: string): boolean {
		return (this.#suspects.get(address) ?? Number.NEGATIVE_INFINITY) > this.#now();
	}

	#setRing(name: RingName, addresses: readonly string[]): boolean {
		const next = [...new Set(addresses)].sort();
		const before = this.#rings[name].members;
		if (next.length === before.length && next.every((address, index) => address === before[index])) return false;
		this.#rings[name] = this.#rings[name].withMembers(next);
		return true;
	}

	#tell(): void {
		for (const listener of [...this.#listeners]) listener();
	}
}
