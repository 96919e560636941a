import { once } from "node:events";
import { io, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";
import type { ReadyMessage } from "../../contracts/stream-messages.ts";
import type { RefusedAck } from "../../contracts/stream-requests.ts";
import type { Entry } from "../../realtime/entry.ts";

// One connection of one stream, with nothing between the test and socket.io's client: no repeats, no reconnects.

export type Transport = "websocket" | "polling";

export interface Dialing {
	stream?: string;
	token?: string;
	namespace?: string;
	transports?: readonly Transport[];
	/** Over what `stream` and `token` say. */
	query?: Record<string, unknown>;
	auth?: Record<string, unknown>;
}

export type Answer = ({ ok: true } & Record<string, unknown>) | RefusedAck;

export class LiveSocket {
	readonly socket: Socket;
	readonly entries: Entry[] = [];
	readonly problems: { code: string; retryable: boolean }[] = [];
	/** What it was told, in order. */
	readonly told: string[] = [];
	readonly #ready: Promise<ReadyMessage>;

	constructor(url: string, { stream, token, namespace = "/chat", transports = ["websocket"], query, auth }: Dialing) {
		const options: Partial<ManagerOptions & SocketOptions> = {
			query: { ...(stream !== undefined && { stream_id: stream }), ...query } as Record<string, string>,
			auth: { ...(token !== undefined && { token }), ...auth },
			forceNew: true,
			reconnection: false,
			transports: [...transports],
		};
		this.socket = io(new URL(namespace, url).href, options);
		this.socket.onAny((event: string) => this.told.push(event));
		this.socket.on("entries", (entries: Entry[]) => this.entries.push(...entries));
		this.socket.on("problem", (problem) => this.problems.push(problem));
		this.#ready = new Promise((resolve, reject) => {
			this.socket.once("ready", resolve);
			this.socket.once("connect_error", reject);
			this.socket.once("disconnect", (why) => reject(new Error(`ended before it was ready: ${why}`)));
		});
		this.#ready.catch(() => undefined); // for whoever asks
	}

	/** It follows its stream. */
	async ready(): Promise<this> {
		await this.#ready;
		return this;
	}

	greeting(): Promise<ReadyMessage> {
		return this.#ready;
	}

	/** The code of its `connect_error`; null: one without `data`. Throws if it was let in. */
	async refusal(): Promise<string | null> {
		const error = await this.#ready.then(
			() => new Error("it was let in"),
			(reason: Error & { data?: { code: string } }) => reason,
		);
		if ("data" in error) return (error.data as { code?: string } | undefined)?.code ?? null;
		if (this.socket.connected) throw error;
		return null;
	}

	/** The ack, whatever it says; rejects after ten seconds without one. */
	ask(event: string, ...args: unknown[]): Promise<Answer> {
		return this.socket.timeout(10_000).emitWithAck(event, ...args);
	}

	/** The code of a refusal; null if it was done. */
	async refusalOf(event: string, ...args: unknown[]): Promise<string | null> {
		const answer = await this.ask(event, ...args);
		return answer.ok ? null : answer.problem.code;
	}

	/** Resolves when the connection is over. */
	async ended(): Promise<void> {
		if (this.socket.connected) await once(this.socket as never, "disconnect");
	}

	close(): void {
		this.socket.disconnect();
	}
}

/** Ends what a test opened. */
export class LiveSockets {
	readonly #url: () => string;
	readonly #open: LiveSocket[] = [];

	constructor(url: () => string) {
		this.#url = url;
	}

	dial(dialing: Dialing, url = this.#url()): LiveSocket {
		const socket = new LiveSocket(url, dialing);
		this.#open.push(socket);
		return socket;
	}

	closeAll(): void {
		for (const socket of this.#open.splice(0)) socket.close();
	}
}
