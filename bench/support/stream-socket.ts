import { WebSocketClient } from "./web-socket.ts";

// One connection that follows one stream, as the protocol of the sockets has it; counts what it gets and looks at little of it.

export interface Target {
	port: number;
	stream: string;
	token: string;
	/** The last seq that the client has; without it only what comes from now on. */
	after?: number;
}

const prefix = `42/chat,["`;
const seqMark = Buffer.from(`"seq":`);
const e = "e".charCodeAt(0);
const openBound = 30_000;

const countSeqs = (payload: Buffer): number => {
	let count = 0;
	for (let at = payload.indexOf(seqMark); at >= 0; at = payload.indexOf(seqMark, at + 6)) count += 1;
	return count;
};

interface Answer {
	ok: boolean;
	problem?: { code: string; retryable?: boolean };
}

interface EntriesMessage {
	seq: number;
	body: { text?: string };
}

/** Less than a server waits for somebody's answer to its ping. */
const pongEvery = 5_000;

export class StreamSocket {
	readonly #target: Target;
	readonly #socket: WebSocketClient;
	readonly #acks = new Map<number, (answer: Answer) => void>();
	readonly #ready = Promise.withResolvers<void>();
	#nextAck = 0;
	/** Null: it only counts. */
	#last: number | null = null;
	/** Resolved once so many entries have come. */
	#awaited: { count: number; resolve: () => void } | null = null;
	#gone = false;
	/** What the server said before it ended the connection. */
	#farewell = "";
	entries = 0;
	/** From the post of an entry, as its text begins with it, until it was here, ms; kept where entries are looked at. */
	readonly lags: number[] = [];
	#timers: NodeJS.Timeout[] = [];
	/** The tail, as `ready` had it. */
	tail = 0;

	/** @param checks looks at each entry, whether seqs follow one another; costs more than counting */
	constructor(target: Target, checks: boolean) {
		this.#target = target;
		if (checks) this.#last = target.after ?? -1;
		this.#socket = new WebSocketClient(
			{ port: target.port, path: `/socket.io/?EIO=4&transport=websocket&stream_id=${target.stream}` },
			{
				open: () => undefined,
				text: (payload) => this.#hear(payload),
				end: (why) => this.#ended(why),
			},
		);
	}

	/** When `ready` has come. */
	async opened(): Promise<void> {
		const bound = setTimeout(() => this.#ready.reject(new Error("not let in in time")), openBound);
		try {
			await this.#ready.promise;
		} finally {
			clearTimeout(bound);
		}
	}

	post(id: string, text: string): Promise<Answer> {
		const ack = this.#nextAck++;
		return new Promise((resolve) => {
			this.#acks.set(ack, resolve);
			this.#socket.send(`42/chat,${ack}["post",${JSON.stringify({ id, text })}]`);
		});
	}

	/** When it has got so many entries in all. */
	async until(count: number): Promise<void> {
		if (this.entries >= count) return;
		await new Promise<void>((resolve) => {
			this.#awaited = { count, resolve };
		});
	}

	/** Reads nothing from now on, but stays: says that it is there, and asks for history every so many ms (0: never). */
	stall(askEvery: number): void {
		this.#socket.pause();
		this.#timers.push(setInterval(() => this.#socket.send("3"), pongEvery));
		if (askEvery === 0) return;
		const ask = (): void => this.#socket.send(`42/chat,${this.#nextAck++}["history",{"before":${this.tail},"limit":200}]`);
		this.#timers.push(setInterval(ask, askEvery));
	}

	close(): void {
		this.#gone = true;
		for (const timer of this.#timers) clearInterval(timer);
		this.#socket.close();
	}

	#ended(why: string): void {
		if (this.#gone) return;
		this.#gone = true;
		const error = new Error(`a socket of ${this.#target.stream} ended: ${why} ${this.#farewell}`);
		this.#ready.reject(error);
		if (this.#nextAck > 0 || this.entries > 0) throw error;
	}

	#hear(payload: Buffer): void {
		switch (payload[0]) {
			case 0x30: {
				const { token, after } = this.#target;
				this.#socket.send(`40/chat,${JSON.stringify({ token, ...(after === undefined ? { last: 0 } : { after }) })}`);
				return;
			}
			case 0x32:
				this.#socket.send("3");
				return;
			case 0x34:
				this.#hearPacket(payload);
		}
	}

	#hearPacket(payload: Buffer): void {
		const kind = String.fromCharCode(payload[1] ?? 0);
		if (kind === "3") this.#hearAck(payload.toString("latin1"));
		else if (kind === "4") this.#ready.reject(new Error(payload.toString()));
		else if (kind === "2") this.#hearEvent(payload);
	}

	#hearEvent(payload: Buffer): void {
		const at = prefix.length;
		if (payload[at] === e) {
			this.#hearEntries(payload);
			return;
		}
		const name = payload.toString("latin1", at, at + 5);
		if (name === "ready") this.#hearReady(payload);
		else if (name === "moved" || name === "probl") this.#farewell = payload.toString();
	}

	#hearReady(payload: Buffer): void {
		const [, { seq }] = JSON.parse(payload.toString("utf8", prefix.length - 2)) as [string, { seq: number }];
		this.tail = seq;
		if (this.#last === -1) this.#last = seq;
		this.#ready.resolve();
	}

	#hearAck(packet: string): void {
		const start = packet.indexOf("[");
		const id = Number(packet.slice("43/chat,".length, start));
		const [answer] = JSON.parse(packet.slice(start)) as [Answer];
		this.#acks.get(id)?.(answer);
		this.#acks.delete(id);
	}

	#hearEntries(payload: Buffer): void {
		this.entries += this.#last === null ? countSeqs(payload) : this.#check(payload, this.#last);
		if (this.#awaited && this.entries >= this.#awaited.count) {
			this.#awaited.resolve();
			this.#awaited = null;
		}
	}

	#check(payload: Buffer, last: number): number {
		const [, entries] = JSON.parse(payload.toString("utf8", prefix.length - 2)) as [string, EntriesMessage[]];
		const now = performance.now();
		for (const [index, { seq, body }] of entries.entries()) {
			if (seq !== last + 1 + index) throw new Error(`${this.#target.stream}: seq ${seq} came after ${last + index}`);
			const sent = Number.parseFloat(body.text ?? "");
			if (!Number.isNaN(sent)) this.lags.push(now - sent);
		}
		this.#last = last + entries.length;
		return entries.length;
	}
}
