import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import type { ServiceBroker } from "moleculer";
import type { Socket } from "socket.io-client";
import { operationRoutes } from "../../../contracts/http/operations.ts";
import { clientOf, hereOf } from "../../support/door-world.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { socketProfile, socketService } from "../../support/socket-service.ts";

const portOf = (broker: ServiceBroker): number => {
	const { server } = broker.getLocalService("gateway") as unknown as { server: { address(): AddressInfo } };
	return server.address().port;
};

describe("The gateway of one process", () => {
	const nodes = new GatewayNodes();
	const clients: Socket[] = [];
	let node: GatewayNode;

	beforeEach(async () => {
		node = await nodes.start({ routes: operationRoutes, services: [socketService(socketProfile(null))] });
	});
	afterEach(async () => {
		for (const client of clients.splice(0)) client.disconnect();
		await nodes.stopAll();
	});

	for (const transport of ["websocket", "polling"] as const) {
		it(`takes sockets over ${transport} on the port of HTTP and serves them itself`, async () => {
			const client = clientOf(portOf(node.broker), "g-1", transport);
			clients.push(client);
			const here = await hereOf(client);
			assert.deepEqual([here.node, here.hops, here.forwarded], [node.broker.nodeID, 0, null]);
			assert.equal(client.io.engine.transport.name, transport);
		});
	}

	it("goes on answering everything else, other upgrades too", async () => {
		assert.equal((await node.api.get("/health/live")).status, 200);
		assert.equal((await node.api.get("/socket.iox")).status, 404);
		const socket = connect(portOf(node.broker), "127.0.0.1");
		// As curl --http2 asks.
		socket.write(
			"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
		);
		const [answer] = (await once(socket, "data")) as [Buffer];
		socket.destroy();
		assert.match(answer.toString("latin1"), /^HTTP\/1\.1 200 /);
	});

	it("stops with open sockets: they are handed over, and nothing is waited for in vain", async () => {
		const client = clientOf(portOf(node.broker), "g-1", "websocket");
		clients.push(client);
		await hereOf(client);
		const moved = new Promise((resolve) => client.once("moved", resolve));
		const ended = new Promise((resolve) => client.once("disconnect", resolve));
		await node.broker.stop();
		await moved;
		await ended;
	});

	it("answers 503 where no node offers streams", async () => {
		const bare = await nodes.start({ routes: operationRoutes });
		await assert.rejects(hereOf(clientOf(portOf(bare.broker), "g-1", "websocket")));
		assert.equal((await bare.api.get("/socket.io/?EIO=4&transport=polling&stream_id=g-1")).status, 503);
	});
});
