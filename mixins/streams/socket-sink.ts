import type { Socket as Connection } from "node:net";
import type { Socket } from "socket.io";
import type { Attached } from "../../realtime/follower.ts";
import type { EndReason, Sink } from "../../realtime/ports.ts";
import type { Frame } from "./frame.ts";

/** What engine.io's socket has and its types keep private. */
interface Conn {
	on(event: "packetCreate", listener: (packet: { data?: unknown; options?: { wsPreEncodedFrame?: Buffer[] } }) => void): void;
	on(event: "flush" | "upgrade" | "close", listener: () => void): void;
	readonly transport: Transport;
	/** Runs while a ping is not answered. */
	readonly pingTimeoutTimer: NodeJS.Timeout | null;
	readonly readyState: string;
	readonly writeBuffer: readonly unknown[];
}

interface Transport {
	on(event: "drain", listener: () => void): void;
	readonly writable: boolean;
	/** Of a WebSocket; polling has none. */
	readonly socket?: { pause(): void; resume(): void; readonly readyState: number; readonly _socket: Tcp | null };
}

/** Node's socket, with what it keeps to itself: what was given to libuv, and how much of that it still holds. */
interface Tcp extends Connection {
	readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
}

/** Of a WebSocket (RFC 6455 as ws has it): neither opening nor closing. */
const isOpen = 1;
const nothing = Buffer.alloc(0);

/** The connection of a WebSocket on which all that engine.io was given has left; null if something waits, or on polling. */
const freeConnection = ({ transport, readyState, writeBuffer }: Conn): Connection | null => {
	if (readyState !== "open" || !transport.writable || writeBuffer.length > 0) return null;
	if (transport.socket?.readyState !== isOpen) return null;
	const connection = transport.socket._socket;
	return connection && connection.writableLength === 0 && !connection.destroyed ? connection : null;
};

interface EngineWriter {
	writeToEngine(packets: readonly string[], options: object): void;
}

/** How long a client that was told `moved` may take to go by itself, in ms. */
const movedMs = 5_000;

/** How often a paused connection is looked at, in ms: several times within the time that a ping may take. */
const lookMs = 4_000;

/** Bytes that have left for the network. */
const leftOf = ({ _handle }: Tcp): number => (_handle ? _handle.bytesWritten - _handle.writeQueueSize : 0);

const sizeOf = (data: unknown): number => (typeof data === "string" ? Buffer.byteLength(data) : 0) + 1;

/**
 * One socket, as the stream engine sees it. `queued` counts all that was given to the connection and has not been taken by the kernel (WebSocket)
 * or by a poll: entries, acks, pings.
 */
export class SocketSink implements Sink<Frame> {
	readonly #socket: Socket;
	readonly #conn: Conn;
	/** The code of the problem that it was ended with. */
	problem: string | undefined;
	/** It was told that its stream is elsewhere. */
	moved = false;
	#waiting = 0;
	#leaving = 0;
	/** Written past engine.io, and not taken by the kernel at once. */
	#stuck = 0;
	#paused = false;
	#attached: Attached | undefined;
	#looking: NodeJS.Timeout | undefined;
	readonly #lookMs: number;
	readonly #heard = new WeakSet<object>();

	constructor(socket: Socket, every = lookMs) {
		this.#socket = socket;
		this.#lookMs = every;
		this.#conn = socket.conn as unknown as Conn;
		this.#conn.on("packetCreate", ({ data, options }) => {
			this.#waiting += options?.wsPreEncodedFrame?.reduce((sum, part) => sum + part.length, 0) ?? sizeOf(data);
			// Whatever else is written (acks, history) counts as well; what the engine writes it has looked at already.
			if (!options?.wsPreEncodedFrame) this.#attached?.wrote();
		});
		this.#conn.on("flush", () => {
			this.#leaving += this.#waiting;
			this.#waiting = 0;
		});
		this.#conn.on("upgrade", () => this.#listen());
		this.#conn.on("close", () => clearInterval(this.#looking));
		this.#listen();
	}

	get queued(): number {
		return this.#waiting + this.#leaving + this.#stuck;
	}

	/** More was asked for than is taken: answers that can be large should wait. */
	get paused(): boolean {
		return this.#paused;
	}

	follow(attached: Attached): void {
		this.#attached = attached;
		if (this.queued === 0) attached.drained();
	}

	/**
	 * Not `emit`, which would encode once a socket; and on a WebSocket that is free straight to its connection, which costs about half of the way through
	 * engine.io. Nothing can be overtaken: what engine.io holds or has under way makes the connection not free.
	 */
	write({ packets, options, wire, problem }: Frame): void {
		if (problem !== undefined) this.problem = problem;
		const connection = wire && freeConnection(this.#conn);
		if (connection) this.#writeTo(connection, wire);
		else (this.#socket as unknown as { client: EngineWriter }).client.writeToEngine(packets, options);
	}

	pause(): void {
		this.#paused = true;
		this.#hold();
	}

	resume(): void {
		this.#paused = false;
		clearInterval(this.#looking);
		// The answer to a ping may have come meanwhile.
		this.#conn.pingTimeoutTimer?.refresh();
		this.#conn.transport.socket?.resume();
	}

	end(why: EndReason): void {
		this.#attached = undefined;
		// A paused socket would never hear its client's close.
		this.resume();
		if (why === "problem") {
			this.#socket.disconnect(true);
			return;
		}
		this.moved = true;
		const cut = setTimeout(() => this.#socket.disconnect(true), movedMs);
		this.#socket.once("disconnect", () => clearTimeout(cut));
	}

	#writeTo(connection: Connection, wire: Buffer): void {
		connection.write(wire);
		if (connection.writableLength === 0) return;
		this.#stuck = wire.length;
		connection.write(nothing, () => {
			this.#stuck = 0;
			if (this.queued === 0) this.#attached?.drained();
		});
	}

	/** "drain" of a transport: all that was flushed to it has left. */
	#listen(): void {
		const { transport } = this.#conn;
		if (this.#heard.has(transport)) return;
		this.#heard.add(transport);
		transport.on("drain", () => this.#drained());
		if (this.#paused) this.#hold();
	}

	/**
	 * While nothing is read, no answer to a ping is, and pings wait behind all that was written before: as long as the client takes any of that, it is
	 * alive.
	 */
	#hold(): void {
		const { socket } = this.#conn.transport;
		if (!socket) return;
		socket.pause();
		clearInterval(this.#looking);
		let left = socket._socket ? leftOf(socket._socket) : 0;
		this.#looking = setInterval(() => {
			const now = socket._socket ? leftOf(socket._socket) : left;
			if (now > left) this.#conn.pingTimeoutTimer?.refresh();
			left = now;
		}, this.#lookMs);
	}

	#drained(): void {
		this.#leaving = 0;
		if (this.queued === 0) this.#attached?.drained();
	}
}
