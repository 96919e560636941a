import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type Entry, type SoukClient, SoukError, type Stream, type StreamState } from "../../client/index.ts";
import { type Arrival, refusal, type ScriptedServer, startScriptedServer } from "./scripted-server.ts";

const entry = (seq: number): Entry => ({
	stream: "s",
	seq,
	id: `m${seq}`,
	type: "message.posted",
	from: "u",
	body: { text: `${seq}` },
	at: "2026-01-01T00:00:00.000Z",
});
const entries = (from: number, to: number): Entry[] => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));
const ready = (seq: number, reset = false) => ({ stream: "s", seq, reset, members: [], presence: [], reads: {} });

const until = (stream: Stream, kind: StreamState["kind"]): Promise<StreamState> =>
	new Promise((resolve) => {
		if (stream.state.kind === kind) resolve(stream.state);
		else
			stream.on("state", (state) => {
				if (state.kind === kind) resolve(state);
			});
	});

const take = async (stream: AsyncIterable<Entry>, count: number): Promise<number[]> => {
	const seqs: number[] = [];
	for await (const { seq } of stream) {
		seqs.push(seq);
		if (seqs.length === count) break;
	}
	return seqs;
};

/** JSON Web Token without a signature: the client reads its `exp` and nothing else. */
const tokenUntil = (at: number): string => `x.${Buffer.from(JSON.stringify({ exp: at / 1_000 })).toString("base64url")}.x`;

describe("a stream of the client", () => {
	let server: ScriptedServer;
	let client: SoukClient | undefined;

	const open = (options: Partial<Parameters<typeof connect>[0]> = {}): SoukClient => {
		client = connect({ url: server.url, token: "t", backoff: { baseMs: 5, capMs: 20 }, transports: ["websocket"], ...options });
		return client;
	};
	/** The next connection, greeted. */
	const greet = async (seq = 0): Promise<Arrival> => {
		const arrival = await server.arrival();
		arrival.socket.emit("ready", ready(seq));
		return arrival;
	};

	beforeEach(async () => {
		server = await startScriptedServer();
	});
	afterEach(async () => {
		client?.close();
		client = undefined;
		await server.close();
	});

	it("names its stream in the query and itself in the handshake", async () => {
		open().conversation("abc", { after: 7, lastId: "m7" });
		const { streamId, auth, socket } = await server.arrival();
		assert.equal(streamId, "abc");
		assert.deepEqual(auth, { token: "t", after: 7, lastId: "m7" });
		assert.equal(socket.nsp.name, "/chat");
	});

	it("follows an inbox in its own namespace", async () => {
		open().inbox("ann", { last: 3 });
		const { streamId, auth, socket } = await server.arrival();
		assert.deepEqual([socket.nsp.name, streamId, auth.last], ["/notifications", "inbox-ann", 3]);
	});

	it("goes on after the last entry it got, when the connection is cut", async () => {
		const stream = open().conversation("s");
		const first = await greet(2);
		const seen = take(stream, 5);
		first.socket.emit("entries", entries(1, 2));
		await new Promise<void>((resolve) => stream.on("entry", ({ seq }) => seq === 2 && resolve()));
		first.socket.conn.close();
		const second = await greet(5);
		assert.deepEqual(second.auth, { token: "t", after: 2, lastId: "m2" });
		second.socket.emit("entries", entries(3, 5));
		assert.deepEqual(await seen, [1, 2, 3, 4, 5]);
	});

	it("does not take a greeting or an ack for an entry: cut before the first one, it asks as it did at first", async () => {
		const stream = open().conversation("s", { after: 0 });
		for (let round = 0; round < 3; round++) {
			const { socket, auth } = await greet(40);
			assert.deepEqual(auth, { token: "t", after: 0 });
			socket.on("post", (_message, ack) => ack({ ok: true, seq: 41, at: "" }));
			await stream.post("x");
			socket.conn.close();
		}
	});

	it("asks for what it was promised when it came without a position, though much was written before the first entry came", async () => {
		const stream = open().conversation("s", { last: 10 });
		const first = await greet(30);
		await until(stream, "live");
		first.socket.conn.close();
		const second = await greet(90);
		assert.deepEqual(second.auth, { token: "t", after: 20 });
		second.socket.emit("entries", entries(21, 22));
		assert.deepEqual(await take(stream, 2), [21, 22]);
	});

	it("comes back at once from a cut before the first message of a connection", async () => {
		const sockets: Duplex[] = [];
		const cut = createServer().on("upgrade", (req: IncomingMessage, socket: Duplex) => {
			const accept = createHash("sha1").update(`${req.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
			const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept.digest("base64")}`]; // biome-ignore format: one line
			sockets.push(socket);
			socket.end(`${head.join("\r\n")}\r\n\r\n`);
		});
		await once(cut.listen(0, "127.0.0.1"), "listening");
		const { port } = cut.address() as AddressInfo;
		// Longer than this test may take.
		const stream = open({ url: `http://127.0.0.1:${port}`, answerMs: 600_000 }).conversation("s");
		await until(stream, "waiting");
		await until(stream, "connecting");
		stream.close();
		for (const socket of sockets) socket.destroy();
		cut.close();
		await once(cut, "close");
	});

	it("shows an entry that comes twice once, and asks again rather than show a hole", async () => {
		const stream = open().conversation("s", { after: 0 });
		const { socket } = await greet(9);
		const seen = take(stream, 4);
		socket.emit("entries", entries(1, 2));
		socket.emit("entries", entries(2, 3));
		socket.emit("entries", entries(5, 6));
		const second = await greet(9);
		assert.equal(second.auth.after, 3);
		second.socket.emit("entries", entries(4, 4));
		assert.deepEqual(await seen, [1, 2, 3, 4]);
	});

	it("starts over when the log is another one", async () => {
		const stream = open().conversation("s", { after: 50, lastId: "old" });
		const reset = new Promise((resolve) => stream.on("reset", resolve));
		const seen = take(stream, 2);
		const { socket } = await server.arrival();
		socket.emit("ready", ready(12, true));
		socket.emit("entries", entries(11, 12));
		await reset;
		assert.deepEqual(await seen, [11, 12]);
		socket.conn.close();
		assert.deepEqual((await server.arrival()).auth, { token: "t", after: 12, lastId: "m12" });
	});

	it("comes back with its position when the owner hands over", async () => {
		open({ random: () => 0.01 }).conversation("s", { after: 3 });
		(await greet(3)).socket.emit("moved", {});
		assert.equal((await server.arrival()).auth.after, 3);
	});

	it("sends a post again, under the same id, until it is acknowledged", async () => {
		const stream = open().conversation("s");
		const { socket } = await greet();
		const posted = stream.post("hello");
		const [first] = await once(socket, "post");
		socket.conn.close(); // the answer is lost
		const again = await greet();
		const [second, ack] = await once(again.socket, "post");
		assert.deepEqual(second, first);
		ack({ ok: true, seq: 8, at: "now" });
		assert.equal((await posted).seq, 8);
		assert.equal(stream.unacknowledged, 0);
	});

	it("keeps what is posted without a connection, in order", async () => {
		const stream = open().conversation("s");
		const posted = ["a", "b", "c"].map((text) => stream.post(text));
		const { socket } = await server.arrival();
		const texts: string[] = [];
		socket.on("post", ({ text }, ack) => {
			texts.push(text);
			ack({ ok: true, seq: texts.length, at: "" });
		});
		socket.emit("ready", ready(0));
		assert.deepEqual(
			(await Promise.all(posted)).map(({ seq }) => seq),
			[1, 2, 3],
		);
		assert.deepEqual(texts, ["a", "b", "c"]);
	});

	it("repeats what was refused for now, and what comes behind it stays behind it", async () => {
		const stream = open({ postsInFlight: 1 }).conversation("s");
		const { socket } = await greet();
		const texts: string[] = [];
		socket.on("post", ({ text }, ack) => {
			texts.push(text);
			if (texts.length === 1) ack({ ok: false, problem: { code: "STREAM_OVERLOADED", title: "full", retryable: true } });
			else ack({ ok: true, seq: texts.length, at: "" });
		});
		await Promise.all([stream.post("a"), stream.post("b")]);
		assert.deepEqual(texts, ["a", "a", "b"]);
	});

	it("says so when a post is refused for good, and goes on with the next", async () => {
		const stream = open().conversation("s");
		const { socket } = await greet();
		socket.on("post", ({ text }, ack) =>
			ack(
				text === ""
					? { ok: false, problem: { code: "VALIDATION", title: "empty", retryable: false } }
					: { ok: true, seq: 1, at: "" },
			),
		);
		await assert.rejects(
			stream.post(""),
			(error) => error instanceof SoukError && error.code === "VALIDATION" && !error.retryable,
		);
		assert.equal((await stream.post("x")).seq, 1);
	});

	it("ends, with the reason, where coming back would change nothing", async () => {
		server.admit = () => refusal("NOT_FOUND");
		const stream = open().conversation("s");
		const posted = assert.rejects(stream.post("x"), { code: "NOT_FOUND" });
		const read = assert.rejects(take(stream, 1), { code: "NOT_FOUND" });
		const state = await until(stream, "closed");
		assert.equal(state.kind === "closed" && state.error?.code, "NOT_FOUND");
		await Promise.all([posted, read]);
	});

	it("knocks again, later, where the refusal may pass", async () => {
		let knocks = 0;
		server.admit = () => {
			knocks += 1;
			return knocks < 3 ? refusal("UNAVAILABLE", true) : undefined;
		};
		open().conversation("s");
		await server.arrival();
		assert.equal(knocks, 3);
	});

	it("gets a new token when the old one is refused, and gives up when that is refused too", async () => {
		const tokens: string[] = [];
		server.admit = ({ token }) => (token === "good" ? undefined : refusal("TOKEN_EXPIRED"));
		const source = (list: string[]) => () => {
			tokens.push("asked");
			return list.shift() ?? "bad";
		};
		open({ token: source(["bad", "good"]) }).conversation("s");
		assert.equal((await server.arrival()).auth.token, "good");
		assert.equal(tokens.length, 2);
		client?.close();
		const stream = open({ token: source(["bad", "worse"]) }).conversation("s");
		const state = await until(stream, "closed");
		assert.equal(state.kind === "closed" && state.error?.code, "TOKEN_EXPIRED");
	});

	it("passes a new token on before the old one ends, without a reconnect", async () => {
		const given = [tokenUntil(Date.now() + 1_200), tokenUntil(Date.now() + 3_600_000)];
		let asked = 0;
		open({ token: () => given[asked++] ?? "none" }).conversation("s");
		const { socket } = await greet();
		const [message, ack] = await once(socket, "refresh");
		ack({ ok: true, expiresIn: 3_600 });
		assert.deepEqual(message, { token: given[1] });
		assert.equal(server.count, 1);
	});

	it("lets go of the connection while nobody reads, and misses nothing", async () => {
		const stream = open().conversation("s", { after: 0 });
		const reader = stream[Symbol.asyncIterator]();
		const { socket } = await greet(3_000);
		socket.emit("entries", entries(1, 2_500));
		await until(stream, "paused");
		const seen: number[] = [];
		const read = async (): Promise<void> => void seen.push((await reader.next()).value.seq);
		while (seen.length < 2_100) await read();
		const second = await greet(3_000);
		assert.equal(second.auth.after, 2_500);
		second.socket.emit("entries", entries(2_501, 3_000));
		while (seen.length < 3_000) await read();
		assert.deepEqual(
			seen,
			entries(1, 3_000).map(({ seq }) => seq),
		);
	});

	it("pages back through history to the first entry", async () => {
		const stream = open().conversation("s");
		const { socket } = await greet(10);
		socket.on("history", ({ before, limit }, ack) =>
			ack({ ok: true, entries: entries(Math.max(1, before - limit), before - 1) }),
		);
		const pages: number[][] = [];
		for await (const page of stream.older(8, 3)) pages.push(page.map(({ seq }) => seq));
		assert.deepEqual(pages, [[5, 6, 7], [2, 3, 4], [1]]);
	});

	it("shows counters only forward, and keeps what others do apart from entries", async () => {
		const stream = open().inbox("ann");
		const { socket } = await greet();
		const seen: number[] = [];
		stream.on("counters", ({ version }) => seen.push(version));
		const typed = new Promise((resolve) => stream.on("typing", resolve));
		for (const version of [3, 2, 4]) socket.emit("counters", { unseen: 0, unread: 0, total: 0, version });
		socket.emit("typing", { userId: "bob", until: "soon" });
		assert.deepEqual(await typed, { userId: "bob", until: "soon" });
		assert.deepEqual(seen, [3, 4]);
	});

	it("refuses what was not acknowledged when it is closed, and ends its readers", async () => {
		const stream = open().conversation("s");
		const { socket } = await greet();
		const refused = assert.rejects(stream.post("x"), { code: "CLOSED" });
		await once(socket, "post");
		const read = take(stream, 1);
		const gone = once(socket, "disconnect");
		client?.close();
		await refused;
		assert.deepEqual(await read, []);
		await gone;
	});
});
