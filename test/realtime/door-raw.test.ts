import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Door, type DoorLimits } from "../../realtime/door/door.ts";
import type { Peer } from "../../realtime/peers.ts";
import { Placement } from "../../realtime/placement.ts";
import { until } from "../support/until.ts";

// Bytes and connections, without socket.io: what the door does to them.

const handshake = (extra = ""): string =>
	`GET /socket.io/?stream_id=s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${extra}\r\n`;
const accepted = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

type OnUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

describe("The door and raw connections", () => {
	const doors: Door[] = [];
	const open: { destroy(): unknown }[] = [];
	afterEach(async () => {
		for (const one of open.splice(0)) one.destroy();
		await Promise.all(doors.splice(0).map((door) => door.close({ carriedMs: 0, servedMs: 0 })));
	});

	const keyOf = (id: string): string => `key of ${id}`.replaceAll(" ", "-");

	const startDoor = async (id: string, onUpgrade: OnUpgrade, limits: Partial<DoorLimits> = {}): Promise<[Peer, Placement]> => {
		const placement = new Placement({ self: { id, key: keyOf(id) }, suspectMs: 60_000 });
		const door = new Door({ peers: placement, limits });
		doors.push(door);
		const behind = createServer((_req, res) => res.end(id));
		behind.on("upgrade", (req, socket, head) => {
			open.push(socket);
			socket.on("error", () => undefined);
			onUpgrade(req, socket, head);
		});
		door.serve("chat", behind);
		const { port } = await door.listen(0, "127.0.0.1");
		placement.settle();
		return [{ id, key: keyOf(id), address: `127.0.0.1:${port}`, rings: ["chat"] }, placement];
	};

	/** The door at `entrance` passes on all to `owner`. */
	const pair = async (onUpgrade: OnUpgrade, limits: Partial<DoorLimits> = {}): Promise<{ entrance: Peer; owner: Peer }> => {
		const [entrance, ofEntrance] = await startDoor("entrance", (_req, socket) => socket.end("HTTP/1.1 418 Here\r\n\r\n"), limits);
		const [owner, ofOwner] = await startDoor("owner", onUpgrade);
		ofEntrance.setPeers([{ ...entrance, rings: [] }, owner]);
		ofOwner.setPeers([owner]);
		return { entrance, owner };
	};

	const dialTo = async ({ address }: Pick<Peer, "address">, text: string): Promise<Socket> => {
		const socket = connect({ port: Number(address.split(":")[1]), host: "127.0.0.1", allowHalfOpen: true });
		open.push(socket);
		socket.on("error", () => undefined);
		await once(socket, "connect");
		if (text) socket.write(text);
		return socket;
	};

	const untilFree = (): Promise<unknown> =>
		until(
			"the entrance to be free",
			async () => doors[0]?.counts,
			(counts) => counts?.served === 0 && counts.carried === 0,
		);

	const rest = async (socket: Socket): Promise<string> => {
		let text = "";
		for await (const chunk of socket) text += (chunk as Buffer).toString("latin1");
		return text;
	};

	const firstOf = async (socket: Socket): Promise<string> => {
		const [chunk] = (await once(socket, "data")) as [Buffer];
		socket.pause();
		return chunk.toString("latin1");
	};

	it("passes a half-close through, and what the other side says after it", async () => {
		const { entrance } = await pair(async (_req, socket, head) => {
			socket.write(accepted);
			let count = head.length;
			for await (const chunk of socket) count += (chunk as Buffer).length;
			socket.end(`got ${count}`);
		});
		const socket = await dialTo(entrance, `${handshake()}early`);
		assert.equal(await firstOf(socket), accepted);
		socket.end("x".repeat(1_000_000));
		assert.equal(await rest(socket), "got 1000005");
	});

	it("passes the end of the other side through at once, and takes what the client still says", async () => {
		const heard = Promise.withResolvers<string>();
		const { entrance } = await pair(async (_req, socket) => {
			socket.end(`${accepted}bye`);
			heard.resolve(await rest(socket as Socket));
		});
		const socket = await dialTo(entrance, handshake());
		assert.equal(await rest(socket), `${accepted}bye`);
		socket.end("bye you too");
		assert.equal(await heard.promise, "bye you too");
	});

	it("cuts a connection that one side has ended and the other keeps open for too long", async () => {
		const { entrance } = await pair((_req, socket) => socket.write(accepted), { lingerMs: 50 });
		const socket = await dialTo(entrance, handshake());
		await firstOf(socket);
		socket.end();
		socket.resume();
		await once(socket, "close");
		await untilFree();
	});

	it("holds no more than a few buffers for a client that does not read, and then gives it everything", async () => {
		const piece = Buffer.alloc(64 * 1024);
		const pieces = 3_200;
		let written = 0;
		const { entrance } = await pair(async (_req, socket) => {
			socket.write(accepted);
			for (let count = 0; count < pieces; count++) {
				written += piece.length;
				if (!socket.write(piece)) await once(socket, "drain");
			}
			socket.end();
		});
		const socket = await dialTo(entrance, handshake());
		await firstOf(socket);
		let same = 0;
		let before = -1;
		await until(
			"the owner to wait",
			async () => {
				same = written === before ? same + 1 : 0;
				before = written;
				return same;
			},
			(times) => times > 20,
		);
		assert.ok(written < 40_000_000, `${written} bytes are under way`);
		let got = 0;
		for await (const chunk of socket) got += (chunk as Buffer).length;
		assert.ok(got >= (pieces - 1) * piece.length, `${got} bytes came`);
		assert.equal(written, pieces * piece.length);
	});

	it("ends the client's connection when the owner cuts its own", async () => {
		const sockets: Duplex[] = [];
		const { entrance } = await pair((_req, socket) => {
			sockets.push(socket);
			socket.write(accepted);
		});
		const socket = await dialTo(entrance, handshake());
		await firstOf(socket);
		for (const one of sockets) (one as Socket).resetAndDestroy();
		assert.equal(await rest(socket), "");
	});

	it("takes nothing more from a client whose handshake the owner refused, and closes", async () => {
		const heard = Promise.withResolvers<string>();
		const { entrance } = await pair(async (_req, socket, head) => {
			socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
			heard.resolve(head.toString() + (await rest(socket as Socket)));
			socket.end();
		});
		const second = handshake().replace("stream_id=s", "stream_id=other");
		const socket = await dialTo(entrance, handshake() + second);
		socket.write(second);
		assert.equal(await rest(socket), "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
		assert.equal(await heard.promise, "");
	});

	it("serves here what a dead owner refuses, and what a silent one does not answer", async () => {
		const silent = createTcpServer((socket) => open.push(socket)).listen(0, "127.0.0.1");
		await once(silent, "listening");
		const silentAddress = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
		const dead = createTcpServer().listen(0, "127.0.0.1");
		await once(dead, "listening");
		const deadAddress = `127.0.0.1:${(dead.address() as AddressInfo).port}`;
		dead.close();
		for (const address of [silentAddress, deadAddress]) {
			const [entrance, placement] = await startDoor("entrance", (_req, socket, head) => socket.end(`${accepted}here ${head}`), {
				answerMs: 50,
			});
			const owner: Peer = { id: "owner", key: "k", address, rings: ["chat"] };
			placement.setPeers([entrance, owner]);
			const stream = Array.from({ length: 100 }, (_, index) => `s${index}`).find((id) => placement.target(id)?.id === "owner");
			const socket = await dialTo(entrance, `${handshake().replace("stream_id=s", `stream_id=${stream}`)}head`);
			assert.equal(await rest(socket), `${accepted}here head`);
			assert.deepEqual(placement.suspected(), [address]);
			assert.equal(placement.owns(stream ?? ""), true);
		}
		silent.close();
	});

	it("frees its place when the client leaves before the owner has answered", async () => {
		const asked = Promise.withResolvers<Duplex>();
		const { entrance } = await pair((_req, socket) => asked.resolve(socket), { answerMs: 60_000 });
		const socket = await dialTo(entrance, handshake());
		const atOwner = await asked.promise;
		socket.resetAndDestroy();
		atOwner.resume();
		await once(atOwner, "end");
		await untilFree();
	});

	it("answers what is no request and goes on", async () => {
		const { entrance } = await pair((_req, socket) => socket.end(accepted));
		const line = "GET /socket.io/?stream_id=s HTTP/1.1\r\n";
		const bad: [text: string, status: number][] = [
			["\r\n\r\nnonsense\r\n\r\n", 400],
			[`${line}\r\n`, 400],
			[`${line}Host: x\r\nBad\u0000Name: x\r\n\r\n`, 400],
			[`${line}Host: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
			[`${line}Host: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`, 431],
			[`GET /socket.io/?stream_id=${"y".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
			["GET /v1/orders HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 404],
			["GET http://x/socket.io/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404],
		];
		for (const [text, status] of bad) {
			const socket = await dialTo(entrance, text);
			assert.match(await rest(socket), new RegExp(`^HTTP/1\\.1 ${status} `), text.slice(0, 60));
			socket.destroy();
		}
		assert.equal(await rest(await dialTo(entrance, handshake())), accepted);
	});

	it("answers whatever byte stands in a URL or a header of what it passes on", async function () {
		this.timeout(60_000);
		const { entrance } = await pair((_req, socket) => socket.end(accepted));
		for (const upgrade of ["", "Connection: Upgrade\r\nUpgrade: websocket\r\n"]) {
			for (let code = 1; code < 256; code++) {
				const byte = String.fromCharCode(code);
				const target = code === 10 || code === 13 ? "x" : byte;
				const texts = [
					`GET /socket.io/?stream_id=s&x=${target} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
					`GET /socket.io/?stream_id=s HTTP/1.1\r\nHost: x\r\nX-Odd: a${target}b\r\n${upgrade}\r\n`,
					`GET /socket.io/?stream_id=s HTTP/1.1\r\nHost: x\r\nX-Odd${target}: a\r\n${upgrade}\r\n`,
				];
				for (const text of texts) {
					const socket = await dialTo(entrance, "");
					socket.write(Buffer.from(text, "latin1"));
					assert.match(await firstOf(socket), /^HTTP\/1\.1 \d\d\d /, `byte ${code}`);
					socket.destroy();
				}
			}
		}
	});

	it("lets go of thousands of handshakes that never end, and serves others meanwhile", async function () {
		this.timeout(60_000);
		const { entrance } = await pair((_req, socket) => socket.end(accepted), { headMs: 300 });
		const sockets: Socket[] = [];
		// Not more at a time than the system keeps waiting for a server: it forgets the others, and their clients never hear of it.
		while (sockets.length < 2_000) {
			const text = sockets.length % 200 ? "GET /socket.io/?stream_id=s HTTP/1.1\r\nHost:" : "";
			sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => dialTo(entrance, text)))));
		}
		assert.equal(await rest(await dialTo(entrance, handshake())), accepted);
		const answers = await Promise.all(sockets.map(rest));
		assert.deepEqual(
			answers.filter((text) => !text.startsWith("HTTP/1.1 408 ")),
			[],
		);
	});
});
