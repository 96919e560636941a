import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Socket } from "socket.io-client";
import {
	clientOf,
	type DoorNode,
	type DoorNodeOptions,
	type Here,
	hereOf,
	introduce,
	startDoorNode,
	streamOf,
	type Transport,
} from "../support/door-world.ts";
import { until } from "../support/until.ts";

describe("The door", () => {
	const nodes: DoorNode[] = [];
	const clients: Socket[] = [];

	const start = async (id: string, options?: DoorNodeOptions): Promise<DoorNode> => {
		const node = await startDoorNode(id, options);
		nodes.push(node);
		return node;
	};
	const three = async (options?: DoorNodeOptions): Promise<[DoorNode, DoorNode, DoorNode]> => {
		const all: [DoorNode, DoorNode, DoorNode] = [await start("a", options), await start("b", options), await start("c", options)];
		introduce(all);
		return all;
	};
	const join = async (
		port: number,
		stream: string,
		transport: Transport,
		options = {},
	): Promise<{ client: Socket; here: Here }> => {
		const client = clientOf(port, stream, transport, options);
		clients.push(client);
		return { client, here: await hereOf(client) };
	};

	afterEach(async () => {
		for (const client of clients.splice(0)) client.disconnect();
		const engines = nodes.map((node) => node.io.engine);
		await until(
			"all clients to be gone",
			async () => engines.map((engine) => engine.clientsCount),
			(counts) => counts.every((count) => count === 0),
		);
		await Promise.all(nodes.splice(0).map((node) => node.stop()));
	});

	for (const transport of ["websocket", "polling"] as const) {
		it(`lands at the owner from any node, over ${transport}, by exactly one hop`, async () => {
			const all = await three();
			for (const owner of all) {
				const stream = streamOf(owner.placement, owner.peer.id);
				for (const entrance of all) {
					const { here, client } = await join(entrance.port, stream, transport);
					assert.deepEqual(
						{ node: here.node, hops: here.hops, marked: here.marked },
						{ node: owner.peer.id, hops: entrance === owner ? 0 : 1, marked: false },
					);
					assert.equal(here.forwarded, entrance === owner ? null : "127.0.0.1");
					const large = "x".repeat(300_000);
					assert.equal(await client.emitWithAck("echo", large), large);
				}
			}
		});
	}

	it("lets a session begin with polling and go on over WebSocket on the same node, also when the ring has moved between", async () => {
		const [a, b, c] = await three();
		const stream = streamOf(a.placement, "b");
		const client = clientOf(a.port, stream, "polling", { transports: ["polling", "websocket"], upgrade: false });
		clients.push(client);
		assert.equal((await hereOf(client)).node, "b");
		// b offers nothing any more; the session is still there.
		introduce([a, b, c], [a.peer, { ...b.peer, rings: [] }, c.peer]);
		assert.notEqual(a.placement.target(stream)?.id, "b");
		for (let count = 0; count < 5; count++) assert.equal(await client.emitWithAck("echo", count), count);
		// The upgrade of that session, as the client would do it.
		const res = await upgrade(c.port, `/socket.io/?EIO=4&transport=websocket&stream_id=${stream}&sid=${client.io.engine.id}`);
		assert.equal(res.statusCode, 101);
	});

	it("serves what another node passed on where it lands, even if it would pass it on itself", async () => {
		const [a, b, c] = await three();
		const stream = streamOf(a.placement, "b");
		// b believes that c owns everything, c that b does.
		b.placement.setPeers([{ ...a.peer, rings: [] }, { ...b.peer, rings: [] }, c.peer]);
		c.placement.setPeers([{ ...a.peer, rings: [] }, b.peer, { ...c.peer, rings: [] }]);
		const { here } = await join(a.port, stream, "websocket");
		assert.deepEqual([here.node, here.hops], ["b", 1]);
		// Two that point at each other: one hop, then it is served.
		assert.equal((await join(b.port, stream, "polling")).here.node, "c");
		assert.equal((await join(c.port, stream, "polling")).here.node, "b");
	});

	it("takes a forged marker for nothing and lets nobody behind it see it", async () => {
		const [a, b, c] = await three();
		const stream = streamOf(a.placement, "b");
		for (const forged of ["x", a.peer.key.replace(/.$/, "g"), b.peer.key, `${c.peer.key} ${b.peer.address}`, "a".repeat(5_000)]) {
			const { here } = await join(a.port, stream, "websocket", { extraHeaders: { "Souk-Hop": forged } });
			assert.deepEqual([here.node, here.hops, here.marked], ["b", 1, false]);
		}
		const own = streamOf(a.placement, "a");
		const { here } = await join(a.port, own, "polling", { extraHeaders: { "souk-HOP": "x" } });
		assert.deepEqual([here.node, here.hops, here.marked], ["a", 0, false]);
		assert.deepEqual(a.placement.suspected(), []);
	});

	it("adds the client to whom proxies have seen before", async () => {
		const [a] = await three();
		for (const transport of ["websocket", "polling"] as const) {
			const extraHeaders = { "X-Forwarded-For": "203.0.113.9, 10.0.0.1" };
			const { here } = await join(a.port, streamOf(a.placement, "c"), transport, { extraHeaders });
			assert.equal(here.forwarded, "203.0.113.9, 10.0.0.1, 127.0.0.1");
		}
	});

	it("passes requests of several streams on one kept-alive connection each to its own owner", async () => {
		const all = await three();
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const ports = new Set<number | undefined>();
		for (let round = 0; round < 4; round++) {
			for (const { peer, placement } of all) {
				const path = `/socket.io/?EIO=4&transport=polling&stream_id=${streamOf(placement, peer.id)}`;
				const { status, text, localPort } = await get(all[0].port, path, { agent });
				ports.add(localPort);
				assert.equal(status, 200);
				const sid = sidIn(text);
				assert.equal(placement.ofSession(sid)?.id, peer.id);
				assert.equal((await get(all[0].port, `${path}&sid=${sid}`, { agent, method: "POST" }, goodBye)).status, 200);
			}
		}
		agent.destroy();
		assert.equal(ports.size, 1);
	});

	it("sends streams whose ids begin with inbox- to the ring of notification", async () => {
		const chat = await start("chat", { rings: ["chat"] });
		const notification = await start("notification", { rings: ["notification"] });
		const gateway = await start("gateway", { rings: [] });
		introduce([chat, notification, gateway]);
		for (const { port } of [chat, notification, gateway]) {
			assert.equal((await join(port, "inbox-u1", "websocket")).here.node, "notification");
			assert.equal((await join(port, "g-u1", "polling")).here.node, "chat");
		}
	});

	it("refuses with 503 until its view has settled, but serves what others pass on", async () => {
		const [a, b] = await three();
		const late = await start("late");
		const fresh = new (await import("../../realtime/placement.ts")).Placement({ self: late.placement.self });
		const { Door } = await import("../../realtime/door/door.ts");
		const door = new Door({ peers: fresh });
		const { port } = await door.listen(0, "127.0.0.1");
		fresh.setPeers([a.peer, b.peer]);
		assert.equal((await get(port, "/socket.io/?EIO=4&transport=polling&stream_id=x")).status, 503);
		fresh.settle();
		const path = "/socket.io/?EIO=4&transport=polling&stream_id=x";
		const { status, text } = await get(port, path);
		assert.equal(status, 200);
		await get(port, `${path}&sid=${sidIn(text)}`, { method: "POST" }, goodBye);
		await door.close({ servedMs: 0 });
	});

	it("moves new sockets when the ring changes, and leaves the others where they are", async () => {
		const [a, b, c] = await three();
		const stream = streamOf(a.placement, "c");
		const before = await join(a.port, stream, "websocket");
		introduce([a, b, c], [a.peer, b.peer, { ...c.peer, rings: [] }]);
		const after = await join(a.port, stream, "websocket");
		assert.equal(before.here.node, "c");
		assert.notEqual(after.here.node, "c");
		assert.equal(await before.client.emitWithAck("echo", 1), 1);
	});

	it("asks the next node when the owner is about to stop, and tells it whom to pass over", async () => {
		const [a, b, c] = await three();
		const stream = streamOf(a.placement, "c");
		const pollStream = streamOf(a.placement, "c", "p");
		c.door.leave();
		assert.equal((await join(a.port, stream, "websocket")).here.node, "a");
		assert.deepEqual(a.placement.suspected(), [c.peer.address]);
		assert.equal((await join(b.port, pollStream, "polling")).here.node, "b");
		const gateway = await start("gateway", { rings: [] });
		introduce([gateway], [a.peer, b.peer, c.peer, gateway.peer]);
		a.placement.setPeers([]);
		introduce([a, b]); // forgets the suspicion
		introduce([a, b], [a.peer, b.peer, c.peer]);
		const { here } = await join(gateway.port, stream, "websocket");
		const landed = here.node === "a" ? a : b;
		assert.equal(landed.placement.owns(stream), true);
	});

	it("ends the sockets it carries when it closes, once what their node says last has passed", async () => {
		const [a, b] = await three();
		const { client } = await join(a.port, streamOf(a.placement, "b"), "websocket");
		const said = new Promise((resolve) => client.once("moved", resolve));
		client.once("moved", () => client.disconnect());
		b.io.on("connection", () => undefined);
		const closing = a.door.close({ carriedMs: 60_000 });
		b.io.emit("moved", {});
		await said;
		await closing;
		assert.deepEqual(a.door.counts, { served: 0, carried: 0 });
	});

	it("cuts what has not ended by the end of the grace", async () => {
		const [a] = await three();
		const { client } = await join(a.port, streamOf(a.placement, "b"), "websocket");
		const gone = new Promise((resolve) => client.once("disconnect", resolve));
		await a.door.close({ carriedMs: 20, spreadMs: 10 });
		assert.equal(await gone, "transport close");
	});

	it("does not let a server that it stands before wait for the polls that it carries", async () => {
		const [a, b] = await three();
		const server = createServer((_req, res) => res.end("other"));
		a.door.standBefore(server);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		const { port } = server.address() as AddressInfo;
		const { client } = await join(port, streamOf(a.placement, "b"), "polling");
		const ended = new Promise((resolve) => client.once("disconnect", resolve));
		const sid = client.io.engine.id;
		await until(
			"a poll to wait",
			async () => a.door.counts.carried,
			(count) => count > 0,
		);
		const closed = once(server, "close");
		server.close();
		await a.door.close({ carriedMs: 20, spreadMs: 0 });
		await Promise.all([ended, closed]);
		// Its session at b has lost its client without a good-bye, for which engine.io would wait.
		await get(b.port, `/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: "POST" }, goodBye);
	});

	it("answers what is not for sockets with 404, and any session that nobody has with 400", async () => {
		const [a] = await three();
		assert.equal((await get(a.port, "/")).status, 404);
		assert.equal((await get(a.port, "/socket.io")).status, 404);
		for (const sid of ["x", "", `${"A".repeat(24)}.0123456789ab`, "A".repeat(24)]) {
			const { status, text } = await get(a.port, `/socket.io/?EIO=4&transport=polling&stream_id=x&sid=${sid}`);
			assert.deepEqual([status, JSON.parse(text)], [400, { code: 1, message: "Session ID unknown" }]);
		}
	});

	it("refuses with 503 what is more than it may carry, and takes more when there is room", async () => {
		const [a, b, c] = [await start("a", { limits: { maxPassed: 1 } }), await start("b"), await start("c")];
		introduce([a, b, c]);
		const stream = streamOf(a.placement, "b");
		const { client } = await join(a.port, stream, "websocket");
		await assert.rejects(join(a.port, stream, "websocket"));
		assert.equal((await get(a.port, `/socket.io/?EIO=4&transport=polling&stream_id=${stream}`)).status, 503);
		const [, socket] = [client.disconnect(), [...(await b.io.fetchSockets())]];
		assert.ok(socket.length <= 1);
		while (a.door.counts.carried > 0) await new Promise(setImmediate);
		assert.equal((await join(a.port, stream, "websocket")).here.node, "b");
	});
});

/** engine.io's packet "close". */
const goodBye = "1";

const sidIn = (handshake: string): string => (JSON.parse(handshake.slice(1)) as { sid: string }).sid;

interface Got {
	status: number | undefined;
	text: string;
	localPort: number | undefined;
}

const get = async (port: number, path: string, options: { agent?: Agent; method?: string } = {}, body?: string): Promise<Got> => {
	const req = request({ host: "127.0.0.1", port, path, ...options });
	req.end(body);
	const [res] = (await once(req, "response")) as [IncomingMessage];
	const { localPort } = res.socket;
	return { status: res.statusCode, text: (await res.toArray()).join(""), localPort };
};

const upgrade = async (port: number, path: string): Promise<IncomingMessage> => {
	const headers = {
		Connection: "Upgrade",
		Upgrade: "websocket",
		"Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
	};
	const req = request({ host: "127.0.0.1", port, path, headers });
	req.end();
	const [res, socket] = (await once(req, "upgrade")) as [IncomingMessage, import("node:net").Socket];
	socket.destroy();
	return res;
};
