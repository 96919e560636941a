import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io as connectClient, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import { Door, type DoorLimits } from "../../realtime/door/door.ts";
import type { Peer } from "../../realtime/peers.ts";
import { Placement } from "../../realtime/placement.ts";
import { type RingName, ringNames } from "../../realtime/ring.ts";
import { until } from "./until.ts";

// Nodes with a door and a trivial socket.io server behind it, which says to each client where it is. No Moleculer: tests tell them who is there.

export interface Here {
	node: string;
	hops: number;
	marked: boolean;
	forwarded: string | null;
}

export interface DoorNode {
	readonly peer: Peer;
	readonly port: number;
	readonly placement: Placement;
	readonly door: Door;
	readonly io: Server;
	/** After its clients have said good-bye. */
	stop(): Promise<void>;
}

export interface DoorNodeOptions {
	port?: number;
	key?: string;
	rings?: readonly RingName[];
	limits?: Partial<DoorLimits>;
	suspectMs?: number;
}

/** Its view is settled, with itself alone in it. */
export const startDoorNode = async (id: string, options: DoorNodeOptions = {}): Promise<DoorNode> => {
	const { port = 0, key = randomBytes(32).toString("hex"), rings = ringNames, limits, suspectMs } = options;
	const placement = new Placement({ self: { id, key }, ...(suspectMs === undefined ? {} : { suspectMs }) });
	const door = new Door({ peers: placement, ...(limits ? { limits } : {}) });
	const behind = createServer();
	const io = new Server(behind, { pingInterval: 2_000, pingTimeout: 20_000, maxHttpBufferSize: 10_000_000 });
	io.engine.generateId = door.newSessionId;
	io.on("connection", (socket) => {
		const { request } = socket;
		const here: Here = {
			node: id,
			hops: door.hopsOf(request),
			marked: request.headers["souk-hop"] !== undefined || request.rawHeaders.some((text) => text.toLowerCase() === "souk-hop"),
			forwarded: request.headers["x-forwarded-for"]?.toString() ?? null,
		};
		socket.emit("here", here);
		socket.on("echo", (value: unknown, answer: (value: unknown) => void) => answer(value));
		socket.on("pour", (bytes: number) => socket.emit("poured", Buffer.alloc(bytes)));
	});
	for (const ring of rings) door.serve(ring, behind);
	const address = await door.listen(port, "127.0.0.1");
	const peer: Peer = { id, key, address: `127.0.0.1:${address.port}`, rings };
	placement.setPeers([peer]);
	placement.settle();
	return {
		peer,
		port: address.port,
		placement,
		door,
		io,
		async stop() {
			// engine.io waits 30 s for the last poll of a client that is cut in the middle of its good-bye.
			await until(
				"its clients to be gone",
				async () => io.engine.clientsCount,
				(count) => count === 0,
			);
			const closed = door.close({ carriedMs: 0, servedMs: 0 });
			await io.close();
			await closed;
		},
	};
};

export const introduce = (nodes: readonly DoorNode[], peers: readonly Peer[] = nodes.map((node) => node.peer)): void => {
	for (const { placement } of nodes) placement.setPeers(peers);
};

/** A stream whose owner has this id, as the placement sees it. */
export const streamOf = (placement: Placement, id: string, prefix = "s"): string => {
	for (let count = 0; count < 10_000; count++) {
		const stream = `${prefix}${count}`;
		if (placement.target(stream)?.id === id) return stream;
	}
	throw new Error(`no stream belongs to ${id}`);
};

export type Transport = "websocket" | "polling";

/** Not yet connected when it answers, never connects again by itself. */
export const clientOf = (
	port: number,
	stream: string,
	transport: Transport,
	options: Partial<ManagerOptions & SocketOptions> = {},
): Socket =>
	connectClient(`http://127.0.0.1:${port}`, {
		query: { stream_id: stream },
		transports: [transport],
		forceNew: true,
		reconnection: false,
		...options,
	});

/** Resolves with where it is; rejects if it is refused. */
export const hereOf = (client: Socket): Promise<Here> =>
	new Promise((resolve, reject) => {
		client.once("here", resolve);
		client.once("connect_error", reject);
	});
