import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

// Just enough of RFC 6455 for a client that must cost less than the server that it measures: no extension, no fragments, and a mask of zeros,
// which leaves the payload as it is.

/** How many bytes the head of the frame at `at` and its payload have; null if the head is not all there. */
const measure = (bytes: Buffer, at: number): { head: number; length: number } | null => {
	if (bytes.length - at < 2) return null;
	const short = (bytes[at + 1] ?? 0) & 0x7f;
	if (short < 126) return { head: 2, length: short };
	const head = short === 126 ? 4 : 10;
	if (bytes.length - at < head) return null;
	return { head, length: short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2)) };
};

const textFrame = (text: string): Buffer => {
	const length = Buffer.byteLength(text);
	if (length > 0xffff) throw new Error("too long for a client of the benches");
	const head = length < 126 ? 2 : 4;
	const frame = Buffer.alloc(head + 4 + length);
	frame[0] = 0x81;
	frame[1] = 0x80 | (head === 2 ? length : 126);
	if (head === 4) frame.writeUInt16BE(length, 2);
	frame.write(text, head + 4);
	return frame;
};

export class WebSocketClient {
	readonly #socket: Socket;
	readonly #onText: (payload: Buffer) => void;
	#held: Buffer = Buffer.alloc(0);
	#open = false;

	constructor(
		target: { port: number; path: string },
		listen: { text(payload: Buffer): void; open(): void; end(why: string): void },
	) {
		this.#onText = listen.text;
		const socket = connect(target.port, "127.0.0.1");
		this.#socket = socket;
		socket.setNoDelay(true);
		socket.write(
			`GET ${target.path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
				`Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
		);
		socket.on("data", (chunk: Buffer) => {
			this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
			if (!this.#open) {
				const end = this.#held.indexOf("\r\n\r\n");
				if (end < 0) return;
				const head = this.#held.toString("latin1", 0, end);
				if (!head.startsWith("HTTP/1.1 101")) {
					socket.destroy();
					return listen.end(head);
				}
				this.#open = true;
				this.#held = this.#held.subarray(end + 4);
				listen.open();
			}
			this.#cut();
		});
		socket.on("error", ({ message }) => listen.end(message));
		socket.on("close", () => listen.end("closed"));
	}

	send(text: string): void {
		this.#socket.write(textFrame(text));
	}

	pause(): void {
		this.#socket.pause();
	}

	close(): void {
		this.#socket.destroy();
	}

	#cut(): void {
		const bytes = this.#held;
		let at = 0;
		for (;;) {
			const size = measure(bytes, at);
			if (!size || bytes.length - at < size.head + size.length) break;
			const start = at + size.head;
			at = start + size.length;
			if (((bytes[start - size.head] ?? 0) & 0x0f) === 1) this.#onText(bytes.subarray(start, at));
		}
		this.#held = bytes.subarray(at);
	}
}
