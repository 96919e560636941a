import { type AddressInfo, connect, createServer, type Socket } from "node:net";

// Stands between a client of sockets and a door and looks at every message that passes: a frame of a WebSocket, or what came in one piece of
// anything else. So a connection can be cut exactly before a message, or lose messages that would have come.

export type Way = "up" | "down";
/** `lose` makes sense for frames alone: what follows them still goes through. */
export type Verdict = "pass" | "lose" | "cut";
export type Judge = (way: Way, text: string) => Verdict;

export interface MessageGate {
	readonly url: string;
	/** Asked about every message from now on. */
	judge: Judge;
	/** Ends all connections; new ones are taken. */
	cut(): void;
	close(): Promise<void>;
}

const maskBit = 0x80;

/** Of the frame that begins here, if so much of it is there that it can be told. RFC 6455 §5.2. */
const frameAt = (bytes: Buffer): { start: number; end: number; mask: Buffer | null } | null => {
	if (bytes.length < 2) return null;
	const second = bytes[1] ?? 0;
	const short = second & ~maskBit;
	const extra = short === 127 ? 8 : short === 126 ? 2 : 0;
	const masked = (second & maskBit) !== 0;
	const start = 2 + extra + (masked ? 4 : 0);
	if (bytes.length < start) return null;
	const length = extra === 8 ? Number(bytes.readBigUInt64BE(2)) : extra === 2 ? bytes.readUInt16BE(2) : short;
	return { start, end: start + length, mask: masked ? bytes.subarray(start - 4, start) : null };
};

const textOf = (frame: Buffer, start: number, mask: Buffer | null): string =>
	Buffer.from(frame.subarray(start).map((byte, at) => byte ^ (mask?.[at % 4] ?? 0))).toString();

/** Cuts what one side says into messages. */
class Messages {
	#rest: Buffer = Buffer.alloc(0);
	#frames = false;

	*of(chunk: Buffer): Generator<{ bytes: Buffer; text: string }> {
		let bytes = chunk;
		if (!this.#frames) {
			const text = chunk.toString("latin1");
			this.#frames = /^upgrade: websocket/im.test(text);
			const head = this.#frames ? chunk.indexOf("\r\n\r\n") + 4 : chunk.length;
			yield { bytes: chunk.subarray(0, head), text };
			if (!this.#frames) return;
			bytes = chunk.subarray(head);
		}
		this.#rest = Buffer.concat([this.#rest, bytes]);
		for (let frame = frameAt(this.#rest); frame && frame.end <= this.#rest.length; frame = frameAt(this.#rest)) {
			const whole = this.#rest.subarray(0, frame.end);
			this.#rest = this.#rest.subarray(frame.end);
			yield { bytes: whole, text: textOf(whole, frame.start, frame.mask) };
		}
	}
}

export const messageGate = async (target: string): Promise<MessageGate> => {
	const { hostname: host, port } = new URL(target);
	const sockets = new Set<Socket>();
	const carry = (way: Way, from: Socket, to: Socket): void => {
		const messages = new Messages();
		sockets.add(from);
		from.on("data", (chunk) => {
			for (const { bytes, text } of messages.of(chunk as Buffer)) {
				const verdict = from.destroyed ? "cut" : gate.judge(way, text);
				if (verdict === "cut") return void [from, to].map((socket) => socket.destroy());
				if (verdict === "pass") to.write(bytes);
			}
		});
		from.on("end", () => to.end());
		from.on("error", () => to.destroy());
		from.on("close", () => {
			sockets.delete(from);
			to.destroy();
		});
	};
	const server = createServer((client) => {
		const upstream = connect({ host, port: Number(port), noDelay: true });
		carry("up", client, upstream);
		carry("down", upstream, client);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const cut = (): void => {
		for (const socket of sockets) socket.destroy();
	};
	const gate: MessageGate = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		judge: () => "pass",
		cut,
		close() {
			cut();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
	return gate;
};
