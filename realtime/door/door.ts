import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex, Writable } from "node:stream";
import { isSelf, type Peer, type Peers } from "../peers.ts";
import { type RingName, ringOf } from "../ring.ts";
import { newSessionId, tagOf } from "../session-id.ts";
import { endAll } from "./end-all.ts";
import { type Destination, destinationOf, takeMarker } from "./head.ts";
import { mayOpen } from "./origin.ts";
import { type Refusal, refusals, refuse, refuseMalformed, refuseRaw } from "./refusal.ts";
import { relay } from "./relay.ts";
import { dial, splice } from "./splice.ts";

export interface DoorLimits {
	/** Connections that are passed on at a time, those included that wait for their answer. Default 20,000. */
	readonly maxPassed: number;
	/** How long another node may take to accept a connection, in ms. Default 2,000: it is in the same network. */
	readonly connectMs: number;
	/** How long it may take to begin its answer to a handshake, in ms. Default 5,000: it may be stopped, or busy with a hand-over. */
	readonly answerMs: number;
	/** How long a poll may stay without an answer, in ms. Default 60,000: pings come every 20 s. */
	readonly pollMs: number;
	/** How long a connection that one side has ended is kept for the other, in ms. Default 30,000. */
	readonly lingerMs: number;
	/** How long a client may take for the head of a request, in ms. Default 10,000: half-open handshakes cost memory. */
	readonly headMs: number;
	/** Size of a request's head, in bytes. Default 16,384. */
	readonly maxHead: number;
}

export const standardLimits: DoorLimits = {
	maxPassed: 20_000,
	connectMs: 2_000,
	answerMs: 5_000,
	pollMs: 60_000,
	lingerMs: 30_000,
	headMs: 10_000,
	maxHead: 16_384,
};

export interface CloseTimes {
	/** Default 1,000: a `moved` that is on its way takes milliseconds. */
	readonly carriedMs: number;
	/** Default 8,000: a hand-over of all streams takes a few seconds. */
	readonly servedMs: number;
	/** What is cut is cut over so many ms. Default 1,000: its clients come back at other nodes, not all at once. */
	readonly spreadMs: number;
}

const standardTimes: CloseTimes = { carriedMs: 1_000, servedMs: 8_000, spreadMs: 1_000 };

export interface DoorOptions {
	readonly peers: Peers;
	readonly limits?: Partial<DoorLimits>;
	/** Told of what its port cannot do, such as accept a connection without a free file. It goes on. */
	readonly onTrouble?: (error: Error) => void;
	/** A page of another origin was turned away. */
	readonly onForeign?: (origin: string, address: string) => void;
}

/** What all requests of socket.io begin with. */
export const socketPath = "/socket.io/";

/** A first node, one that stands in for it, and one more: then the cluster has other troubles. */
const maxTries = 3;

interface Client {
	readonly req: IncomingMessage;
	/** Hands the request to the socket.io server of this process. */
	/** False: it has no listener for it. */
	readonly serve: (server: Server) => boolean;
	/** False if the node refused and somebody else may be asked. */
	readonly pass: (peer: Peer, ofSession: boolean) => Promise<boolean>;
	readonly refuse: (refusal: Refusal) => void;
}

/**
 * Stands in front of the socket.io servers of a process. Any node takes any request: what belongs to another node is passed on to it, once; a request
 * that another node of the cluster has passed on is served where it lands. Knows nothing of WebSocket or engine.io but two arguments in
 * the URL, `stream_id` and `sid`.
 */
export class Door {
	readonly #peers: Peers;
	readonly #limits: DoorLimits;
	readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: 30_000 });
	readonly #locals = new Map<RingName, Server>();
	/** When each is closed. */
	readonly #listeners = new Map<Server, Promise<unknown>>();
	/** Requests that another node has passed on to this one. */
	readonly #markedHops = new WeakSet<IncomingMessage>();
	readonly #totals = { spliced: 0, relayed: 0 };
	/** Upgraded connections of clients that are served here. */
	readonly #served = new Set<Writable>();
	/** Those that another node serves, or is asked to, and answers to polls that it gives. */
	readonly #carried = new Set<Writable>();
	readonly #tag: string;
	readonly #onTrouble: (error: Error) => void;
	readonly #onForeign: (origin: string, address: string) => void;
	#origins: readonly string[] = [];
	#passed = 0;
	#leaving = false;
	#closing: Promise<void> | null = null;

	constructor({ peers, limits, onTrouble = () => undefined, onForeign = () => undefined }: DoorOptions) {
		this.#peers = peers;
		this.#onTrouble = onTrouble;
		this.#onForeign = onForeign;
		this.#limits = { ...standardLimits, ...limits };
		this.#tag = tagOf(peers.self.key);
	}

	/** Pages of which origins may connect, beside those of the host that the request names. */
	allowOrigins(origins: readonly string[]): void {
		this.#origins = origins;
	}

	/** Streams of the ring that are this node's go to `server`, an HTTP server that need not listen: it gets `request` and `upgrade`. */
	serve(ring: RingName, server: Server): () => void {
		this.#locals.set(ring, server);
		return () => {
			if (this.#locals.get(ring) === server) this.#locals.delete(ring);
		};
	}

	/** For engine.io's `generateId`: sessions keep their node when the ring moves. */
	readonly newSessionId = (): string => newSessionId(this.#tag);

	/** How many nodes of the cluster stand between the client and this request: 0 or 1. Add it to the proxies that are trusted. */
	hopsOf(req: IncomingMessage): 0 | 1 {
		return this.#markedHops.has(req) ? 1 : 0;
	}

	/** `served`: upgraded connections that are served here. `carried`: what is another node's, polls that wait for their answer among it. */
	get counts(): { served: number; carried: number } {
		return { served: this.#served.size, carried: this.#carried.size };
	}

	/** Since its start: connections that were spliced to another node, and requests of polling that another node answered. None of either: what is in front is right. */
	get passedOn(): { readonly spliced: number; readonly relayed: number } {
		return this.#totals;
	}

	/** Takes sockets, and nothing else, on a port of its own. */
	async listen(port: number, host: string): Promise<AddressInfo> {
		const { headMs, maxHead } = this.#limits;
		const server = createServer({
			maxHeaderSize: maxHead,
			headersTimeout: headMs,
			requestTimeout: headMs * 3,
			connectionsCheckingInterval: Math.min(headMs, 1_000),
			keepAliveTimeout: 65_000, // longer than the agents of other nodes keep a connection: they close first
			noDelay: true,
		});
		server.on("request", (_req, res) => refuse(res, refusals.notFound));
		this.standBefore(server);
		server.on("clientError", refuseMalformed);
		server.listen(port, host);
		await once(server, "listening");
		server.on("error", this.#onTrouble);
		this.#listeners.set(server, new Promise((resolve) => server.once("close", resolve)));
		return server.address() as AddressInfo;
	}

	/** Takes the sockets off a server that serves other things too, before those see them. Its other upgrades stay plain requests. */
	standBefore(server: Server): void {
		const others = server.listeners("request") as RequestListener[];
		server.removeAllListeners("request");
		server.on("request", (req: IncomingMessage, res: ServerResponse) => {
			if (isForSockets(req)) this.#request(req, res);
			else for (const other of others) other.call(server, req, res);
		});
		// Node 24.9 and later; before, it hands all upgrades over once somebody listens.
		(server as { shouldUpgradeCallback?: (req: IncomingMessage) => boolean }).shouldUpgradeCallback = isForSockets;
		server.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
			if (isForSockets(req)) this.#upgrade(req, socket, head);
			else refuseRaw(socket, refusals.notFound);
		});
	}

	/** From here on it takes no new session: what others still pass on to it is refused, and they ask the next node. Sessions go on. */
	leave(): void {
		this.#leaving = true;
	}

	/**
	 * Stops listening. What it carries is ended after `carriedMs`, so that what was on its way has passed; what is served here is for its own server
	 * to end, and cut after `servedMs`. Resolves when no connection is open.
	 */
	close(times: Partial<CloseTimes> = {}): Promise<void> {
		this.#closing ??= this.#close({ ...standardTimes, ...times });
		return this.#closing;
	}

	async #close({ carriedMs, servedMs, spreadMs }: CloseTimes): Promise<void> {
		this.leave();
		for (const server of this.#listeners.keys()) server.close();
		await Promise.all([endAll(this.#carried, carriedMs, spreadMs), endAll(this.#served, servedMs, spreadMs)]);
		for (const server of this.#listeners.keys()) server.closeAllConnections();
		await Promise.all(this.#listeners.values());
		this.#agent.destroy();
	}

	#request(req: IncomingMessage, res: ServerResponse): void {
		this.#admit({
			req,
			serve: (server) => server.emit("request", req, res),
			pass: async (peer, ofSession) => {
				keepWhileOpen(this.#carried, res);
				const suspects = this.#peers.suspected();
				const done = await relay(req, res, { peer, suspects, ofSession, agent: this.#agent, limits: this.#limits });
				if (done) this.#totals.relayed += 1;
				return done;
			},
			refuse: (refusal) => refuse(res, refusal),
		});
	}

	#upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
		keepWhileOpen(this.#carried, socket);
		socket.on("error", () => undefined); // "close" follows
		this.#admit({
			req,
			serve: (server) => {
				this.#carried.delete(socket);
				keepWhileOpen(this.#served, socket);
				return server.emit("upgrade", req, socket, head);
			},
			pass: async (peer) => {
				const answered = await dial(req, peer, this.#peers.suspected(), this.#limits);
				if (!answered) return socket.destroyed;
				this.#totals.spliced += 1;
				await splice(socket, head, answered, this.#limits);
				return true;
			},
			refuse: (refusal) => refuseRaw(socket, refusal),
		});
	}

	#admit(client: Client): void {
		const marker = takeMarker(client.req, this.#peers.self.key);
		const destination = destinationOf(client.req.url ?? "");
		// The node that passed it on has looked.
		if (!marker && !mayOpen(client.req.headers, this.#origins)) this.#turnAway(client);
		else if (this.#leaving && destination.sessionId === null) client.refuse(refusals.unavailable);
		else if (marker) this.#servePassed(client, destination, marker.suspects);
		else void this.#route(client, destination);
	}

	#turnAway({ req, refuse: answer }: Client): void {
		this.#onForeign(String(req.headers.origin).slice(0, 200), req.socket.remoteAddress ?? "unknown");
		answer(refusals.foreign);
	}

	#servePassed(client: Client, destination: Destination, suspects: readonly string[]): void {
		this.#markedHops.add(client.req);
		for (const address of suspects) this.#peers.suspect(address);
		this.#serveHere(client, destination);
	}

	async #route(client: Client, destination: Destination): Promise<void> {
		const { sessionId, stream } = destination;
		if (sessionId !== null) return this.#routeSession(client, destination, this.#peers.ofSession(sessionId));
		for (let tries = 0; tries < maxTries && this.#peers.settled; tries++) {
			const peer = this.#peers.target(stream);
			if (!peer) break;
			if (isSelf(this.#peers, peer)) return this.#serveHere(client, destination);
			if (await this.#pass(client, peer, false)) return;
		}
		client.refuse(refusals.unavailable);
	}

	/** A session is on its node alone, wherever its stream is now. */
	async #routeSession(client: Client, destination: Destination, peer: Peer | null): Promise<void> {
		if (peer && isSelf(this.#peers, peer)) return this.#serveHere(client, destination);
		const alive = peer && !this.#peers.suspected().includes(peer.address);
		if (!alive || !(await this.#pass(client, peer, true))) client.refuse(refusals.unknownSession);
	}

	/** False if the node did not take it; then it is suspected. */
	async #pass(client: Client, peer: Peer, ofSession: boolean): Promise<boolean> {
		if (this.#passed >= this.#limits.maxPassed) {
			client.refuse(refusals.unavailable);
			return true;
		}
		this.#passed += 1;
		try {
			const done = await client.pass(peer, ofSession);
			if (!done) this.#peers.suspect(peer.address);
			return done;
		} finally {
			this.#passed -= 1;
		}
	}

	#serveHere(client: Client, { stream }: Destination): void {
		const server = this.#locals.get(ringOf(stream)) ?? this.#locals.values().next().value;
		if (!server || !client.serve(server)) client.refuse(refusals.unavailable);
	}
}

const keepWhileOpen = (sockets: Set<Writable>, socket: Writable): void => {
	if (socket.destroyed || sockets.has(socket)) return;
	sockets.add(socket);
	socket.once("close", () => sockets.delete(socket));
};

const isForSockets = ({ url }: IncomingMessage): boolean => url?.startsWith(socketPath) === true;
