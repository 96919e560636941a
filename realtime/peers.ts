import type { RingName } from "./ring.ts";

// What the door has to know of the other nodes. placement.ts answers it; who tells placement.ts is no business of realtime/.

/** A node with sockets, as the others see it. */
export interface Peer {
	readonly id: string;
	/** `host:port` of its door: its name on the rings, and where the others reach it. */
	readonly address: string;
	/** Shared by the nodes of the cluster with no one else: who shows it to this node is one of them. Made anew at each start. */
	readonly key: string;
	/** Where it takes streams. Empty while it leaves: its sessions are still there. */
	readonly rings: readonly RingName[];
}

export interface Peers {
	readonly self: Pick<Peer, "id" | "key">;
	/** Whether the view of the others can be relied on. Before that no stream is anybody's. */
	readonly settled: boolean;
	/** Who serves the stream: its owner, or, while that is suspected, this node if it is on the same ring, else the next one. Null: nobody. */
	target(stream: string): Peer | null;
	/** The node that made an engine.io session by `sessionIdOf`. Null: it is gone, or the id is not ours. */
	ofSession(sessionId: string): Peer | null;
	/** It refused or did not answer: it is passed over for a while, though the registry may list it for some seconds more. */
	suspect(address: string): void;
	/** Addresses that are passed over now. */
	suspected(): readonly string[];
}

export const isSelf = (peers: Peers, peer: Peer): boolean => peer.id === peers.self.id;
