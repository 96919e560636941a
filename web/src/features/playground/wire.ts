import { io, type Socket } from "socket.io-client";
import { accessToken } from "../../api/session.ts";
import { createStore } from "../../api/store.ts";

export interface Line {
	number: number;
	at: number;
	way: "sent" | "came" | "told";
	event: string;
	data: unknown;
}

export interface Target {
	namespace: "/chat" | "/notifications";
	stream: string;
	after: number | undefined;
}

const most = 500;

/** A socket without the SDK: every message as it is on the wire. */
export class Wire {
	readonly lines = createStore<readonly Line[]>([]);
	readonly state = createStore<"closed" | "connecting" | "open">("closed");
	#socket: Socket | null = null;
	#number = 0;

	async connect({ namespace, stream, after }: Target): Promise<void> {
		this.close();
		this.state.set("connecting");
		const token = await accessToken();
		const socket = io(new URL(namespace, location.origin).href, {
			query: { stream_id: stream },
			auth: { token, ...(after !== undefined && { after }) },
			forceNew: true,
			reconnection: false,
			transports: ["websocket"],
		});
		this.#socket = socket;
		socket.on("connect", () => {
			this.state.set("open");
			this.#note("told", "connect", { stream_id: stream, ...(after !== undefined && { after }) });
		});
		socket.on("connect_error", (error: Error & { data?: unknown }) => {
			this.state.set("closed");
			this.#note("told", "connect_error", error.data ?? error.message);
		});
		socket.on("disconnect", (reason) => {
			this.state.set("closed");
			this.#note("told", "disconnect", reason);
		});
		socket.onAny((event: string, ...data: unknown[]) => this.#note("came", event, data.length === 1 ? data[0] : data));
	}

	send(event: string, data: unknown): void {
		this.#note("sent", event, data);
		this.#socket?.timeout(10_000).emit(event, data, (late: Error | null, ack: unknown) => {
			if (!late) this.#note("came", `ack of ${event}`, ack);
			else if (event !== "typing") this.#note("told", `ack of ${event}`, "none within 10 s");
		});
	}

	clear(): void {
		this.lines.set([]);
	}

	close(): void {
		this.#socket?.disconnect();
		this.#socket?.offAny();
		this.#socket = null;
		this.state.set("closed");
	}

	#note(way: Line["way"], event: string, data: unknown): void {
		this.#number += 1;
		this.lines.set([...this.lines.get(), { number: this.#number, at: Date.now(), way, event, data }].slice(-most));
	}
}
