import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket as ServerSocket } from "socket.io";
import { io as connect, type Socket } from "socket.io-client";
import { frameEncoder } from "../../../mixins/streams/frame.ts";
import { SocketSink } from "../../../mixins/streams/socket-sink.ts";
import type { Attached } from "../../../realtime/follower.ts";

/** Stands for the engine's follower: counts what its sink tells it. */
const follower = (drained: () => void): Attached => ({
	stream: "s",
	userId: "u",
	cursor: 0,
	drained,
	wrote: () => undefined,
	setState: () => undefined,
	leave: () => undefined,
});

describe("A socket as the stream engine sees it", () => {
	let http: HttpServer;
	let io: Server;
	let client: Socket;
	let socket: ServerSocket;

	const open = async (transports: string[]): Promise<void> => {
		const joined = once(io.of("/chat"), "connection");
		client = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}/chat`, { transports, forceNew: true });
		[socket] = (await joined) as [ServerSocket];
		await (client.connected || once(client as never, "connect"));
	};

	beforeEach(async () => {
		http = createServer();
		io = new Server(http);
		io.of("/chat");
		await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
	});
	afterEach(async () => {
		client.close();
		await io.close();
	});

	for (const transport of ["websocket", "polling"]) {
		it(`keeps the order of what it writes and what socket.io writes beside it, over ${transport}`, async () => {
			await open([transport]);
			const sink = new SocketSink(socket);
			const encoder = frameEncoder(io.of("/chat"));
			const heard: number[] = [];
			const all = new Promise<void>((resolve) => {
				client.on("n", (n: number) => {
					heard.push(n);
					if (heard.length === 300) resolve();
				});
			});
			for (let n = 0; n < 300; n++) {
				if (n % 3 === 0) socket.emit("n", n);
				else sink.write(encoder.encode("n", n));
				if (n % 10 === 0) await new Promise(setImmediate);
			}
			await all;
			assert.deepEqual(
				heard,
				Array.from({ length: 300 }, (_, n) => n),
			);
		});
	}

	it("counts what a client does not take, and tells when it has taken all of it", async () => {
		await open(["websocket"]);
		const sink = new SocketSink(socket);
		const encoder = frameEncoder(io.of("/chat"));
		let onDrained = (): void => undefined;
		sink.follow(follower(() => onDrained()));
		const raw = (client.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws._socket;
		raw.pause();
		const frame = encoder.encode("n", "x".repeat(100_000));
		let written = 0;
		while (sink.queued === 0) {
			sink.write(frame);
			written += 1;
		}
		// The first that the kernel does not take is written past engine.io; the next ones wait in engine.io.
		for (let more = 0; more < 5; more++) sink.write(frame);
		assert.ok(sink.queued >= 500_000, `${sink.queued}`);
		let got = 0;
		const all = new Promise<void>((resolve) => {
			client.on("n", () => {
				got += 1;
				if (got === written + 5) resolve();
			});
		});
		const drained = new Promise<void>((resolve) => {
			onDrained = () => sink.queued === 0 && resolve();
		});
		raw.resume();
		await Promise.all([all, drained]);
		assert.equal(sink.queued, 0);
	});

	it("tells that it drained after a single frame that was too much for the kernel", async () => {
		await open(["websocket"]);
		const sink = new SocketSink(socket);
		const frame = frameEncoder(io.of("/chat")).encode("n", "x".repeat(20_000_000));
		let written = false;
		const drained = new Promise<void>((resolve) => {
			sink.follow(follower(() => written && resolve()));
		});
		const heard = once(client as never, "n");
		sink.write(frame);
		written = true;
		assert.ok(sink.queued >= 20_000_000);
		await drained;
		assert.equal(sink.queued, 0);
		await heard;
	});
});
