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
}

interface Transport {
	on(event: "drain", listener: () => void): void;
	/** Of a WebSocket; polling has none. */
	readonly socket?: { pause(): void; resume(): void; readonly _socket?: Tcp };
}

/** As Node's sockets keep it: what was given to libuv, and how much of that it still holds. */
interface Tcp {
	readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
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
		return this.#waiting + this.#leaving;
	}

	/** More was asked for than is taken: answers that can be large should wait. */
	get paused(): boolean {
		return this.#paused;
	}

	follow(attached: Attached): void {
		this.#attached = attached;
		if (this.queued === 0) attached.drained();
	}

	write(frame: Frame): void {
		if (frame.problem !== undefined) this.problem = frame.problem;
		// Not `emit`: it would encode once a socket.
		(
			this.#socket as unknown as { client: { writeToEngine(packets: readonly string[], options: object): void } }
		).client.writeToEngine(frame.packets, frame.options);
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
		if (this.#waiting === 0) this.#attached?.drained();
	}
}
