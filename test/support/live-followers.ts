import assert from "node:assert/strict";
import { io, type Socket } from "socket.io-client";
import { connect, type FollowOptions, type SoukClient, type Stream } from "../../client/index.ts";
import type { CountersMessage, ReadyMessage } from "../../contracts/stream-messages.ts";
import type { Entry } from "../../realtime/entry.ts";
import type { HttpClient } from "./http.ts";
import type { Someone } from "./market.ts";

// People who follow a stream, keep all that they see, and notice what must not be.

export type Transport = "websocket" | "polling";

export interface Address {
	url: string;
	who: Someone;
	transport?: Transport;
	/** Default `/chat`. */
	namespace?: string;
	position?: FollowOptions;
}

/** However slow the machine is: a client that sees nothing for so long has lost it. */
const boundMs = 60_000;

export abstract class Follower {
	readonly name: string;
	readonly entries: Entry[] = [];
	readonly violations: string[] = [];
	#waiting: { holds: () => boolean; resolve: () => void }[] = [];

	constructor({ url, who, transport = "websocket" }: Address, kind: string) {
		this.name = `${kind} of ${who.email} over ${transport} at ${url}`;
	}

	get seq(): number {
		return this.entries.at(-1)?.seq ?? 0;
	}

	/** Resolves when it has seen the entry. */
	reach(seq: number): Promise<void> {
		return this.until(`entry ${seq}`, () => this.seq >= seq);
	}

	until(what: string, holds: () => boolean): Promise<void> {
		if (holds()) return Promise.resolve();
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${this.name} waited for ${what} and is at ${this.seq}`)), boundMs);
			this.#waiting.push({
				holds,
				resolve: () => {
					clearTimeout(timer);
					resolve();
				},
			});
		});
	}

	abstract live(): Promise<void>;

	abstract close(): void;

	protected saw(entry: Entry): void {
		const before = this.entries.at(-1);
		if (before && entry.seq !== before.seq + 1) this.violations.push(`saw ${entry.seq} after ${before.seq}`);
		this.entries.push(entry);
		this.look();
	}

	protected look(): void {
		const met = this.#waiting.filter(({ holds }) => holds());
		this.#waiting = this.#waiting.filter((wait) => !met.includes(wait));
		for (const { resolve } of met) resolve();
	}
}

/** Comes back without the patience that a real client has. */
export const eager = { baseMs: 20, capMs: 200 } as const;

export const clientOf = ({ url, who, transport }: Address, more: object = {}): SoukClient =>
	connect({ url, token: who.token, ...(transport && { transports: [transport] }), backoff: eager, ...more });

/** Through the SDK. */
export class Reader extends Follower {
	readonly stream: Stream;
	readonly readies: ReadyMessage[] = [];
	resets = 0;
	readonly #client: SoukClient;

	constructor(stream: string, address: Address, more: object = {}) {
		super(address, "SDK");
		this.#client = clientOf(address, more);
		this.stream = this.#client.conversation(stream, address.position);
		this.stream.on("reset", () => {
			this.resets += 1;
			this.entries.length = 0;
		});
		this.stream.on("entry", (entry) => this.saw(entry));
		this.stream.on("ready", (ready) => {
			this.readies.push(ready);
			this.look();
		});
		this.stream.on("state", (state) => {
			// The SDK asks anew where it sees a gap: nobody would notice.
			if ("error" in state && state.error?.code === "INTERNAL") this.violations.push(state.error.message);
			this.look();
		});
	}

	live(): Promise<void> {
		return this.until("being live", () => this.stream.state.kind === "live");
	}

	close(): void {
		this.#client.close();
	}
}

/** The bare protocol: where the SDK would pass over a repeat, this one tells. */
export class RawFollower extends Follower {
	/** Names of what came, of the connection that stands or was the last. */
	said: string[] = [];
	ready: ReadyMessage | undefined;
	/** Connections that came so far as to be live. */
	lives = 0;
	/** All that were told, those in `ready` too. */
	readonly counters: CountersMessage[] = [];
	#socket: Socket | undefined;
	#timer: NodeJS.Timeout | undefined;
	#closed = false;
	readonly #stream: string;
	readonly #address: Address;

	constructor(stream: string, address: Address) {
		super(address, "bare");
		this.#stream = stream;
		this.#address = address;
		this.#connect();
	}

	live(): Promise<void> {
		return this.until("ready", () => this.ready !== undefined);
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#socket?.disconnect();
	}

	#connect(): void {
		const { url, who, transport = "websocket", namespace = "/chat", position } = this.#address;
		const last = this.entries.at(-1);
		const socket = io(`${url}${namespace}`, {
			query: { stream_id: this.#stream },
			auth: { token: who.token, ...(last ? { after: last.seq, lastId: last.id } : position) },
			forceNew: true,
			reconnection: false,
			transports: [transport],
		});
		this.#socket = socket;
		this.said = [];
		socket.onAny((event: string) => this.said.push(event));
		socket.on("ready", (ready: ReadyMessage) => {
			this.ready = ready;
			this.lives += 1;
			if (ready.counters) this.counters.push(ready.counters);
			this.look();
		});
		socket.on("counters", (counters: CountersMessage) => {
			this.counters.push(counters);
			this.look();
		});
		socket.on("entries", (entries: Entry[]) => {
			for (const entry of entries) this.saw(entry);
		});
		for (const end of ["moved", "disconnect", "connect_error"]) socket.on(end, () => this.#again(socket));
		// Between the transport's handshake and the first message, socket.io would wait until the time for connecting is over.
		socket.io.engine.once("close", () => this.#again(socket));
	}

	#again(socket: Socket): void {
		if (socket !== this.#socket) return;
		this.#socket = undefined;
		this.ready = undefined;
		socket.removeAllListeners();
		socket.disconnect();
		if (!this.#closed) this.#timer = setTimeout(() => this.#connect(), eager.capMs / 2);
	}
}

/** All of a stream, by REST. */
export const historyOf = async (api: HttpClient, stream: string, token: string): Promise<Entry[]> => {
	const all: Entry[] = [];
	for (;;) {
		const path = `/v1/conversations/${stream}/messages?after=${all.at(-1)?.seq ?? 0}&limit=100`;
		const { status, body, text } = await api.get(path, { token });
		assert.equal(status, 200, text);
		if (body.items.length === 0) return all;
		all.push(...body.items);
	}
};

/** By the id of the message: the seq that its poster was told. */
export type Acked = ReadonlyMap<string, number>;

/** One history without a gap; what was acked is where it was acked, and every follower saw that history from its first entry on to the end. */
export const assertOneHistory = (log: readonly Entry[], followers: readonly Follower[], acked: Acked = new Map()): void => {
	assert.deepEqual(
		log.map(({ seq }) => seq),
		log.map((_, index) => index + 1),
		"the log has a gap",
	);
	assert.equal(new Set(log.map(({ from, id }) => `${from} ${id}`)).size, log.length, "a message is in the log twice");
	for (const [id, seq] of acked) assert.equal(log[seq - 1]?.id, id, `${id} was acked as ${seq}`);
	for (const { name, entries, violations } of followers) {
		assert.deepEqual(violations, [], name);
		assert.deepEqual(entries, log.slice((entries[0]?.seq ?? 1) - 1), name);
	}
};
