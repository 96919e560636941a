import type { ServiceBroker } from "moleculer";
import type { Peer } from "../../realtime/peers.ts";
import { ringNames } from "../../realtime/ring.ts";

// Who has sockets, as Moleculer's registry tells it.

/** What a node publishes of its door, as `metadata.sockets`. */
export interface SocketMetadata {
	/** `host:port` */
	address: string;
	/** Only nodes of the cluster read metadata; see docs/decisions/0018-placement.md. */
	key: string;
	/** An operator took it off the rings: it takes streams only where nobody else is left. */
	left?: true;
}

interface SeenNode {
	id: string;
	local: boolean;
	metadata?: { sockets?: Partial<SocketMetadata> } | null;
}

interface SeenService {
	name: string;
	nodeID: string;
}

const isAddress = (text: string): boolean => {
	const port = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\\[\]]+):(\d{1,5})$/.exec(text)?.[1];
	return port !== undefined && Number(port) > 0 && Number(port) < 65_536;
};

const complete = (sockets: Partial<SocketMetadata> | undefined): sockets is SocketMetadata =>
	typeof sockets?.address === "string" && isAddress(sockets.address) && typeof sockets.key === "string" && sockets.key !== "";

/**
 * Available nodes with a door, and the rings that they offer the service of. A node that is about to stop has taken its services back: it is there, with
 * its sessions, and on no ring. `self` is what the registry does not know of this node yet; null: it has no door.
 */
export const peersIn = (broker: ServiceBroker, self: SocketMetadata | null): Peer[] => {
	const nodes = broker.registry.getNodeList({ onlyAvailable: true, withServices: false }) as unknown as SeenNode[];
	const services = broker.registry.getServiceList({ onlyAvailable: true, skipInternal: true }) as unknown as SeenService[];
	const seen = nodes.flatMap(({ id, local, metadata }) => {
		const sockets = local ? self : metadata?.sockets;
		if (!sockets || !complete(sockets)) return [];
		const offered = services.filter(({ nodeID }) => nodeID === id).map(({ name }) => name);
		const rings = ringNames.filter((name) => offered.includes(name));
		return [{ id, address: sockets.address, key: sockets.key, rings, left: sockets.left === true }];
	});
	const needed = ringNames.filter((name) => !seen.some(({ rings, left }) => !left && rings.includes(name)));
	return seen.map(({ left, rings, ...peer }) => ({
		...peer,
		rings: left ? rings.filter((name) => needed.includes(name)) : rings,
	}));
};
