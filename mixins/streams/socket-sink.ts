import type { Socket } from "socket.io";
import type { Attached } from "../../realtime/follower.ts";
import type { EndReason, Sink } from "../../realtime/ports.ts";
import type { Frame } from "./frame.ts";

/** What engine.io's socket has and its types keep private. */
interface Conn {
	on(event: "packetCreate", listener: (packet: { data?: unknown; options?: { wsPreEncodedFrame?: Buffer[] } }) => void): void;
	on(event: "flush" | "upgrade", listener: () => void): void;
	readonly transport: Transport;
}

interface Transport {
	on(event: "drain", listener: () => void): void;
	/** Of a WebSocket; polling has none. */
	readonly socket?: { pause(): void; resume(): void };
}

/** How long a client that was told `moved` may take to go by itself, in ms. */
const movedMs = 5_000;

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
	#heard = new WeakSet<object>();

	constructor(socket: Socket) {
		this.#socket = socket;
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
		this.#conn.transport.socket?.pause();
	}

	resume(): void {
		this.#paused = false;
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
		if (this.#paused) transport.socket?.pause();
	}

	#drained(): void {
		this.#leaving = 0;
		if (this.#waiting === 0) this.#attached?.drained();
	}
}
