import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Socket } from "socket.io-client";
import type { Peer } from "../../realtime/peers.ts";
import { ringNames } from "../../realtime/ring.ts";
import { clientOf, type DoorNode, type Here, hereOf, startDoorNode, streamOf, type Transport } from "../support/door-world.ts";
import { freePort } from "../support/free-port.ts";
import { type NodeChild, nodeChild } from "../support/node-child.ts";
import { until } from "../support/until.ts";

const file = fileURLToPath(new URL("../support/door-child.ts", import.meta.url));

describe("The door in front of processes that are killed", () => {
	let here: DoorNode;
	let peers: Peer[];
	let children: Map<string, NodeChild>;
	const clients: Socket[] = [];

	beforeEach(async () => {
		here = await startDoorNode("here", { suspectMs: 600_000, limits: { answerMs: 300 } });
		const ids = ["b", "c"];
		const others = await Promise.all(
			ids.map(
				async (id): Promise<Peer> => ({ id, key: `key-of-${id}`, address: `127.0.0.1:${await freePort()}`, rings: ringNames }),
			),
		);
		peers = [here.peer, ...others];
		here.placement.setPeers(peers);
		children = new Map(ids.map((id) => [id, nodeChild(file, id, JSON.stringify(peers))]));
		await Promise.all(Array.from(children.values(), (child) => child.until(1)));
	});
	afterEach(async () => {
		for (const client of clients.splice(0)) client.disconnect();
		await Promise.all(Array.from(children.values(), (child) => child.kill()));
		await until(
			"its clients to be gone",
			async () => here.io.engine.clientsCount,
			(count) => count === 0,
		);
		await here.stop();
	});

	const join = async (port: number, stream: string, transport: Transport): Promise<{ client: Socket; seen: Here }> => {
		const client = clientOf(port, stream, transport);
		clients.push(client);
		return { client, seen: await hereOf(client) };
	};
	const portOf = (id: string): number => Number(peers.find((peer) => peer.id === id)?.address.split(":")[1]);

	for (const transport of ["websocket", "polling"] as const) {
		it(`ends connections over ${transport} at once when the owner is killed, and serves the next here though the registry lists the dead`, async () => {
			const stream = streamOf(here.placement, "b");
			const joined = await Promise.all(Array.from({ length: 5 }, () => join(here.port, stream, transport)));
			assert.deepEqual([...new Set(joined.map(({ seen }) => seen.node))], ["b"]);
			const ends = joined.map(({ client }) => new Promise((resolve) => client.once("disconnect", resolve)));
			await children.get("b")?.kill("SIGKILL");
			for (const reason of await Promise.all(ends)) assert.match(String(reason), /^transport (close|error)$/);

			const { seen } = await join(here.port, stream, transport);
			assert.deepEqual([seen.node, seen.hops], ["here", 0]);
			assert.equal(here.placement.owns(stream), true);
			assert.deepEqual(here.placement.suspected(), [peers[1]?.address]);
			// Streams of the others stay theirs.
			assert.equal((await join(here.port, streamOf(here.placement, "c"), transport)).seen.node, "c");
		});

		it(`serves here over ${transport} while the owner is stopped, and there again when it is no longer suspected`, async () => {
			const stream = streamOf(here.placement, "c");
			process.kill(children.get("c")?.pid ?? 0, "SIGSTOP");
			assert.equal((await join(here.port, stream, transport)).seen.node, "here");
			process.kill(children.get("c")?.pid ?? 0, "SIGCONT");
			// Started again under another key, it is another node: nobody suspects it.
			const restarted = peers.map((peer) => (peer.id === "c" ? { ...peer, key: "another" } : peer));
			here.placement.setPeers(restarted);
			here.placement.setPeers(peers);
			assert.equal((await join(here.port, stream, transport)).seen.node, "c");
		});
	}

	it("passes on from process to process, from any to any", async () => {
		for (const owner of ["b", "c"]) {
			const stream = streamOf(here.placement, owner);
			for (const entrance of ["b", "c"]) {
				const { seen } = await join(portOf(entrance), stream, "websocket");
				assert.deepEqual([seen.node, seen.hops], [owner, entrance === owner ? 0 : 1]);
			}
		}
	});

	it("loses the sockets that a killed node carried, and only those", async () => {
		const stream = streamOf(here.placement, "b");
		const carried = await join(portOf("c"), stream, "websocket");
		const direct = await join(portOf("b"), stream, "websocket");
		const end = new Promise((resolve) => carried.client.once("disconnect", resolve));
		await children.get("c")?.kill("SIGKILL");
		await end;
		assert.equal(await direct.client.emitWithAck("echo", 1), 1);
	});
});
