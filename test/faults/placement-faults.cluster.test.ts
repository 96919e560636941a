import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ServiceBroker } from "moleculer";
import type { Socket } from "socket.io-client";
import { nodePlacement } from "../../mixins/placement/node-placement.ts";
import { Brokers } from "../support/brokers.ts";
import { clientOf, type Here, hereOf, streamOf, type Transport } from "../support/door-world.ts";
import { type NodeChild, nodeChild } from "../support/node-child.ts";
import { needs, type RunningServer, startNats } from "../support/servers.ts";
import { placementOf, placementOptions } from "../support/socket-service.ts";
import { until } from "../support/until.ts";

const file = fileURLToPath(new URL("../support/socket-child.ts", import.meta.url));

describe("Sockets through a gateway's door while nodes of the cluster are killed", () => {
	const brokers = new Brokers();
	const clients: Socket[] = [];
	const namespace = `placement-faults-${process.pid}`;
	let nats: RunningServer | undefined;
	let children: Map<string, NodeChild>;
	let gateway: ServiceBroker;
	let port: number;

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats");
		nats = await startNats();
	});
	beforeEach(async () => {
		const url = nats?.url ?? "";
		children = new Map(["one", "two", "three"].map((id) => [id, nodeChild(file, id, url, namespace)]));
		// It believes in the dead for longer than the test runs.
		gateway = await brokers.start({
			...placementOptions,
			heartbeatTimeout: 600,
			nodeID: "gateway",
			namespace,
			transporter: { type: "NATS", options: { url } },
		});
		port = (await nodePlacement(gateway).door.listen(0, "127.0.0.1")).port;
		await until(
			"three nodes on the ring",
			async () => (placementOf(gateway).settled ? placementOf(gateway).members("chat").length : 0),
			(count) => count === 3,
		);
	});
	afterEach(async () => {
		for (const client of clients.splice(0)) client.disconnect();
		await Promise.all(Array.from(children.values(), (child) => child.kill()));
		await brokers.stopAll();
	});
	after(() => nats?.stop());

	const join = async (stream: string, transport: Transport): Promise<{ client: Socket; here: Here }> => {
		const client = clientOf(port, stream, transport);
		clients.push(client);
		return { client, here: await hereOf(client) };
	};

	it("ends the connections of a killed owner at once and serves the next ones elsewhere though the registry lists the dead", async () => {
		const stream = streamOf(placementOf(gateway), "two");
		const joined = await Promise.all((["websocket", "polling"] as const).map((transport) => join(stream, transport)));
		for (const { here } of joined) assert.deepEqual([here.node, here.hops], ["two", 1]);
		const ends = joined.map(({ client }) => new Promise((resolve) => client.once("disconnect", resolve)));
		await children.get("two")?.kill("SIGKILL");
		await Promise.all(ends);
		const after = await Promise.all((["websocket", "polling"] as const).map((transport) => join(stream, transport)));
		const second = placementOf(gateway).target(stream)?.id;
		assert.deepEqual(
			after.map(({ here }) => here.node),
			[second, second],
		);
		assert.notEqual(second, "two");
		assert.equal(placementOf(gateway).members("chat").length, 3);
	});

	it("moves the streams of a node that is told to stop, hands its sockets over, and refuses nobody", async () => {
		const stream = streamOf(placementOf(gateway), "three");
		const { client } = await join(stream, "websocket");
		const moved = new Promise((resolve) => client.once("moved", resolve));
		process.kill(children.get("three")?.pid ?? 0, "SIGTERM");
		await moved;
		for (let count = 0; count < 20; count++) assert.notEqual((await join(stream, "websocket")).here.node, "three");
		assert.equal(await children.get("three")?.ended, 0);
	});
});
