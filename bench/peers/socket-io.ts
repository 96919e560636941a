// The peer of the live figures: socket.io as its manual shows it, with rooms, and without any storage. With REDIS_URL its nodes share their rooms over
// @socket.io/redis-streams-adapter. It speaks our messages, so that the same clients measure both, and asks nobody who they are.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";
import { socketLimits } from "../../contracts/sockets.ts";

const { REDIS_URL } = process.env;
const server = createServer();
const io = new Server(server, {
	path: "/socket.io",
	serveClient: false,
	pingInterval: socketLimits.pingEvery,
	pingTimeout: socketLimits.silence,
	connectTimeout: socketLimits.join,
	maxHttpBufferSize: socketLimits.messageBytes,
	perMessageDeflate: false,
	httpCompression: false,
	...(REDIS_URL && { adapter: createAdapter(new Redis(REDIS_URL), { onlyPlaintext: true }) }),
});

interface Post {
	id: string;
	text: string;
}

const seqs = new Map<string, number>();
const chat = io.of("/chat");
chat.on("connection", (socket) => {
	const stream = String(socket.handshake.query.stream_id);
	const from = String(socket.handshake.auth.token).slice(-24);
	void socket.join(stream);
	socket.emit("ready", { stream, seq: seqs.get(stream) ?? 0, reset: false, members: [], presence: [], reads: {} });
	socket.on("post", ({ id, text }: Post, ack: (answer: object) => void) => {
		const seq = (seqs.get(stream) ?? 0) + 1;
		seqs.set(stream, seq);
		const at = new Date().toISOString();
		chat.to(stream).emit("entries", [{ stream, seq, id, type: "message.posted", from, body: { text }, at }]);
		ack({ ok: true, seq, at });
	});
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());
