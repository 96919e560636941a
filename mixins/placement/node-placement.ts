import { randomBytes } from "node:crypto";
import type { ServiceBroker } from "moleculer";
import type { Profile } from "../../config/profile-type.ts";
import { Door } from "../../realtime/door/door.ts";
import type { Peer } from "../../realtime/peers.ts";
import { Placement } from "../../realtime/placement.ts";
import { ringNames } from "../../realtime/ring.ts";
import { measured } from "../metrics/metrics.ts";
import { advertised } from "./advertised.ts";
import { peersIn, type SocketMetadata } from "./registry.ts";

// One placement and one door a broker, shared by its services, its gateway and the middleware that places calls.

/** How long a view must not have grown before a newcomer gets streams, in ms: nodes that start together move the streams once. */
const joinMs = 500;
/** How long after its start a node looks around before it relies on what it sees, in ms. Nodes answer a newcomer within milliseconds. */
const settleMs = 1_500;

const registryEvents = ["$node.connected", "$node.updated", "$node.disconnected", "$services.changed"];

/** What a node knows of the placement of streams, from Moleculer's registry. */
export class NodePlacement {
	readonly placement: Placement;
	readonly door: Door;
	readonly #broker: ServiceBroker;
	readonly #key = randomBytes(32).toString("base64url");
	readonly #refresh = (): void => this.#look();
	#address: string | null = null;
	#listening: Promise<void> | null = null;
	#joining: NodeJS.Timeout | undefined;
	#settling: NodeJS.Timeout | undefined;
	readonly #gauges = [
		measured("sockets_passed", {}, () => this.door.counts.carried),
		measured("door_splices_total", {}, () => this.door.passedOn.spliced),
		measured("door_relays_total", {}, () => this.door.passedOn.relayed),
	];
	#leaving = false;
	#left = false;

	constructor(broker: ServiceBroker) {
		this.#broker = broker;
		this.placement = new Placement({ self: { id: broker.nodeID, key: this.#key } });
		this.door = new Door({
			peers: this.placement,
			onTrouble: ({ message }) => broker.logger.warn(`The port of sockets has trouble, and goes on: ${message}`),
			onForeign: (origin, address) => broker.logger.info(`a page of ${origin} was refused a socket, from ${address}`),
		});
		for (const name of registryEvents) broker.localBus.on(name, this.#refresh);
	}

	/**
	 * Opens the door of this process, once, and tells the others where it is. In one process without a bus there is nobody to tell: the gateway's
	 * port is the only door.
	 */
	open(profile: Pick<Profile, "transporter" | "socketPort" | "host" | "advertise">): Promise<void> {
		this.#listening ??= this.#open(profile);
		return this.#listening;
	}

	/** Pages of which origins may open sockets, beside those of the host that they open them to. */
	allowPages({ corsOrigins, publicUrl }: Pick<Profile, "corsOrigins" | "publicUrl">): void {
		this.door.allowOrigins([...corsOrigins, new URL(publicUrl).origin]);
	}

	/** When all services of the broker have started. */
	started(): void {
		const settle = (): void => {
			this.#apply();
			this.placement.settle();
		};
		if (this.#broker.transit) this.#settling = setTimeout(settle, settleMs);
		else settle();
	}

	/**
	 * A socket that comes in here now is taken to its node: the view has settled, and of each ring that somebody offers streams of, a member is on it.
	 * Where nobody does, there is nothing to wait for.
	 */
	get ready(): boolean {
		if (!this.placement.settled) return false;
		const peers = this.#peers();
		const offered = ringNames.filter((ring) => peers.some(({ rings }) => rings.includes(ring)));
		return offered.every((ring) => this.placement.members(ring).length > 0);
	}

	/** Resolves when this node's own port takes sockets to their nodes; at once if it has none. Never, if the broker stops before. */
	untilOpen(): Promise<void> {
		if (this.#address === null || this.placement.settled) return Promise.resolve();
		return new Promise((resolve) => {
			const end = this.placement.onChange(() => {
				if (!this.placement.settled) return;
				end();
				resolve();
			});
		});
	}

	/**
	 * Takes this node off the rings: its streams are others' from now on, here as in the view of the others, whom Moleculer has told that its
	 * services are gone. Its sessions go on.
	 */
	leave(): void {
		if (this.#leaving) return;
		this.#leaving = true;
		this.#apply();
		this.door.leave();
	}

	/**
	 * As an operator wishes: its streams are others' from now on, while it goes on with everything else, and passes sockets on. Until it starts
	 * again. False: nobody else could take them, and nothing has changed.
	 */
	handOver(): boolean {
		const { sockets } = this.#broker.metadata as { sockets?: SocketMetadata };
		if (sockets?.left) return true;
		if (!sockets || !this.#hasHeirs()) return false;
		this.#left = true;
		this.#broker.metadata.sockets = { ...sockets, left: true } satisfies SocketMetadata;
		// Moleculer announces a change of services, of which this is none: what it would send is made anew, and sent.
		(this.#broker.registry as unknown as { localNodeInfoInvalidated: string }).localNodeInfoInvalidated = "seq";
		this.#broker.servicesChanged(true);
		this.#apply();
		return true;
	}

	/** Resolves when no connection is open. */
	async close(): Promise<void> {
		this.leave();
		clearTimeout(this.#joining);
		clearTimeout(this.#settling);
		for (const name of registryEvents) this.#broker.localBus.off(name, this.#refresh);
		await this.door.close();
		for (const end of this.#gauges) end();
	}

	async #open({ transporter, socketPort, host, advertise }: Parameters<NodePlacement["open"]>[0]): Promise<void> {
		if (transporter === null) return;
		const { port } = await this.door.listen(socketPort ?? 0, host);
		this.#address = advertise ?? advertised(host, port);
		const sockets: SocketMetadata = { address: this.#address, key: this.#key };
		// Before the service that asked for it is announced, which happens after its start: so nobody sees the one without the other.
		this.#broker.metadata.sockets = sockets;
		this.#broker.logger.info(`Sockets on port ${port}, as ${this.#address} for the other nodes`);
	}

	#peers(): Peer[] {
		const { nodeID } = this.#broker;
		// Without a bus nobody needs an address; the ring wants a name.
		const self: SocketMetadata = { address: this.#address ?? "self:1", key: this.#key, ...(this.#left && { left: true }) };
		const known = this.#address !== null || !this.#broker.transit;
		const peers = peersIn(this.#broker, known ? self : null);
		return this.#leaving ? peers.map((peer) => (peer.id === nodeID ? { ...peer, rings: [] } : peer)) : peers;
	}

	/** Each of its rings has somebody else. */
	#hasHeirs(): boolean {
		const peers = this.#peers();
		const own = peers.find(({ id }) => id === this.#broker.nodeID)?.rings ?? [];
		const others = peers.filter(({ id }) => id !== this.#broker.nodeID);
		return own.length > 0 && own.every((ring) => others.some(({ rings }) => rings.includes(ring)));
	}

	/** Who is gone is gone at once; who is new waits until no more come. */
	#look(): void {
		clearTimeout(this.#joining);
		if (!this.#broker.transit || this.placement.lost(this.#peers())) this.#apply();
		else this.#joining = setTimeout(() => this.#apply(), joinMs);
	}

	#apply(): void {
		clearTimeout(this.#joining);
		this.placement.setPeers(this.#peers());
	}
}

const placements = new WeakMap<ServiceBroker, NodePlacement>();

/** The one of this broker; made when it is first asked for. */
export const nodePlacement = (broker: ServiceBroker): NodePlacement => {
	let found = placements.get(broker);
	if (!found) {
		found = new NodePlacement(broker);
		placements.set(broker, found);
	}
	return found;
};
