import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket as ServerSocket } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { type Frame, frameEncoder } from "../../../mixins/streams/frame.ts";
import { SocketSink } from "../../../mixins/streams/socket-sink.ts";
import type { Attached } from "../../../realtime/follower.ts";
import { RawPolling, RawSocket } from "../../support/raw-socket.ts";
import { type SlowWay, slowWay } from "../../support/slow-way.ts";
import { until } from "../../support/until.ts";

/** What engine.io and Node have in their hands, looked at from outside. */
interface Conn {
	writeBuffer: { data?: string; options?: { wsPreEncodedFrame?: Buffer[] } }[];
	transport: { name: string; socket?: { _socket: { writableLength: number } } };
}

const bufferedBy = (socket: ServerSocket): number => {
	const { writeBuffer, transport } = socket.conn as unknown as Conn;
	const waiting = writeBuffer.map(({ data = "", options }) => options?.wsPreEncodedFrame?.reduce((sum, part) => sum + part.length, 0) ?? data.length + 1); // biome-ignore format: one line
	return waiting.reduce((sum, bytes) => sum + bytes, 0) + (transport.socket?._socket.writableLength ?? 0);
};

describe("The sink of a socket", function () {
	this.timeout(30_000);
	let http: HttpServer;
	let server: Server;
	let way: SlowWay;
	let client: Socket | undefined;
	let drained = 0;
	let wrote = 0;
	let frame: Frame;
	let arrived: Promise<{ socket: ServerSocket; sink: SocketSink }>;
	const attached = { drained: () => (drained += 1), wrote: () => (wrote += 1) } as unknown as Attached;
	const text = "x".repeat(64 * 1024);

	beforeEach(async () => {
		http = createServer();
		server = new Server(http, { pingInterval: 200, pingTimeout: 3_000, perMessageDeflate: false, httpCompression: false });
		drained = 0;
		wrote = 0;
		frame = frameEncoder(server.of("/chat")).encode("entries", [text]);
		arrived = new Promise((resolve) => {
			server.of("/chat").on("connection", (socket) => {
				const sink = new SocketSink(socket, 100);
				sink.follow(attached);
				resolve({ socket, sink });
			});
		});
		http.listen(0, "127.0.0.1");
		await once(http, "listening");
		way = await slowWay((http.address() as AddressInfo).port);
	});
	afterEach(async () => {
		client?.disconnect();
		await way.close();
		await server.close();
	});

	const dial = (...transports: ("websocket" | "polling")[]): Socket => {
		client = io(`http://127.0.0.1:${way.port}/chat`, { transports, forceNew: true, reconnection: false });
		return client;
	};
	const heard = (of: Socket): unknown[] => {
		const all: unknown[] = [];
		of.on("entries", (entries: unknown[]) => all.push(...entries));
		return all;
	};
	const empty = (sink: SocketSink): Promise<number> => until("an empty queue", async () => sink.queued, (queued) => queued === 0); // biome-ignore format: one line

	it("counts what the kernel has not taken from a WebSocket, to the byte, and says when that is nothing", async () => {
		const all = heard(dial("websocket"));
		const { socket, sink } = await arrived;
		await empty(sink);
		way.stop();
		// More than the kernel's own buffers.
		for (let i = 0; i < 300; i += 1) sink.write(frame);
		await until("the kernel to be full", async () => [sink.queued, bufferedBy(socket)], ([queued = 0, real = 0]) => queued > 4_000_000 && Math.abs(queued - real) <= frame.bytes * 300 - real + frame.bytes); // biome-ignore format: one line
		assert.ok(sink.queued >= bufferedBy(socket), `${sink.queued} < ${bufferedBy(socket)}`);
		const before = drained;
		way.go();
		await until("all to arrive", async () => all.length, (count) => count === 300); // biome-ignore format: one line
		await empty(sink);
		assert.equal(bufferedBy(socket), 0);
		assert.ok(drained > before);
		const acked = wrote;
		socket.emit("other", text);
		assert.equal(wrote, acked + 1);
		await empty(sink);
	});

	it("counts what waits for the next poll, to the byte", async () => {
		const polling = await new RawPolling(`http://127.0.0.1:${way.port}`, "").open();
		await polling.say("40/chat,");
		const { socket, sink } = await arrived;
		await polling.hears("40/chat,");
		assert.equal(sink.queued, 0);
		for (let i = 0; i < 5; i += 1) sink.write(frame);
		socket.emit("other", "an ack");
		assert.equal(sink.queued, bufferedBy(socket));
		assert.ok(sink.queued > 5 * text.length);
		const packets = (await (await polling.poll()).text()).split("\u001e");
		assert.equal(packets.filter((packet) => packet.includes(text)).length, 5);
		assert.equal(sink.queued, 0);
		assert.ok(drained > 0);
		sink.write(frame);
		sink.write(frame);
		assert.equal(sink.queued, bufferedBy(socket));
	});

	it("goes on counting over an upgrade, and loses and repeats nothing on the way", async () => {
		const one = dial("polling", "websocket");
		const all: unknown[] = [];
		one.on("entries", ([n]: unknown[]) => all.push(n));
		const { socket, sink } = await arrived;
		const { encode } = frameEncoder(server.of("/chat"));
		let n = 0;
		while ((socket.conn as unknown as Conn).transport.name === "polling" || n < 2_000) {
			sink.write(encode("entries", [n, text.slice(0, 500)]));
			n += 1;
			if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		await until("all to arrive", async () => all.length, (count) => count === n); // biome-ignore format: one line
		assert.deepEqual(all, Array.from({ length: n }, (_, i) => i)); // biome-ignore format: one line
		await empty(sink);
		const before = drained;
		socket.emit("other", text);
		await until("its end", async () => drained, (count) => count > before); // biome-ignore format: one line
		assert.equal(sink.queued, 0);
	});

	it("pauses a WebSocket's input and lets it go on where it was", async () => {
		const one = dial("websocket");
		const { socket, sink } = await arrived;
		const said: number[] = [];
		socket.on("say", (n: number) => said.push(n));
		sink.pause();
		assert.equal(sink.paused, true);
		for (let i = 0; i < 10; i += 1) one.emit("say", i);
		// What is written still goes out while nothing is read.
		const [entries] = await Promise.all([once(one as never as NodeJS.EventEmitter, "entries"), sink.write(frame)]);
		assert.deepEqual(entries, [[text]]);
		assert.deepEqual(said, []);
		sink.resume();
		await until("what was said", async () => said.length, (count) => count === 10); // biome-ignore format: one line
	});

	it("an upgrade does not lift a pause", async () => {
		const one = dial("polling", "websocket");
		const { socket, sink } = await arrived;
		const said: number[] = [];
		socket.on("say", (n: number) => said.push(n));
		sink.pause();
		await once(one.io.engine as never as NodeJS.EventEmitter, "upgrade");
		await until("the upgrade", async () => (socket.conn as unknown as Conn).transport.name, (name) => name === "websocket"); // biome-ignore format: one line
		one.emit("say", 1);
		await Promise.all([once(one as never as NodeJS.EventEmitter, "entries"), sink.write(frame)]);
		assert.deepEqual(said, []);
		sink.resume();
		await until("what was said", async () => said, ([first]) => first === 1); // biome-ignore format: one line
	});

	it("who is paused is alive while it takes what was written, however slowly, and dead when it takes nothing", async () => {
		// socket.io's own client gives up when it has heard no ping for so long.
		const raw = await new RawSocket(`http://127.0.0.1:${way.port}`, "").open();
		raw.say("40/chat,");
		const { socket, sink } = await arrived;
		let why: string | undefined;
		socket.on("disconnect", (reason) => {
			why = reason;
		});
		await empty(sink);
		way.trickle(20);
		for (let i = 0; i < 300; i += 1) sink.write(frame);
		sink.pause();
		// Many times what a ping may take.
		await until("most of it", async () => raw.heard.length + (why ? 1_000 : 0), (count) => count > 250); // biome-ignore format: one line
		assert.equal(why, undefined);
		way.stop();
		await until("its end", async () => why, (reason) => reason !== undefined); // biome-ignore format: one line
		assert.equal(why, "ping timeout");
		raw.close();
	});

	it("closes after the last frame has left, over a WebSocket", async () => {
		const one = dial("websocket");
		const all = heard(one);
		const { sink } = await arrived;
		sink.pause();
		for (let i = 0; i < 10; i += 1) sink.write(frame);
		sink.end("problem");
		await once(one as never as NodeJS.EventEmitter, "disconnect");
		assert.equal(all.length, 10);
		assert.equal(sink.paused, false);
	});

	it("closes after the last frame was polled", async () => {
		const polling = await new RawPolling(`http://127.0.0.1:${way.port}`, "").open();
		await polling.say("40/chat,");
		const { sink } = await arrived;
		await polling.hears("40/chat,");
		for (let i = 0; i < 10; i += 1) sink.write(frame);
		sink.end("problem");
		const packets = (await polling.hears("1")).filter((packet) => packet !== "6");
		assert.deepEqual(packets.map((packet) => packet.slice(0, 16)), [...Array(10).fill('42/chat,["entrie'), "41/chat,", "1"]); // biome-ignore format: one line
	});
});
