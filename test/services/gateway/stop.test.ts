import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request, type Server } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceSchema } from "moleculer";
import Type from "typebox";
import { operationRoutes } from "../../../contracts/http/operations.ts";
import type { Route } from "../../../contracts/http/route.ts";
import { Brokers, listening } from "../../support/brokers.ts";
import { GatewayNodes, urlOf } from "../../support/gateway-node.ts";
import { shop, shopRoutes } from "../../support/shop.ts";
import { until } from "../../support/until.ts";

interface Got {
	status: number;
	connection: string | undefined;
	text: string;
}

/** Over an agent of our own, to see what becomes of the connection. */
const send = (agent: Agent, url: string, token: string, method = "GET", body?: string): Promise<Got> =>
	new Promise((resolve, reject) => {
		const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
		const req = request(url, { agent, method, headers }, (res) => {
			let text = "";
			res.setEncoding("utf8").on("data", (chunk) => {
				text += chunk;
			});
			res.once("end", () => resolve({ status: res.statusCode ?? 0, connection: res.headers.connection, text }));
		});
		req.once("error", reject);
		req.end(body);
	});

/** Longer than what kernels take off our hands. */
const tale: Route = {
	...{ method: "GET", path: "/v1/tale", action: "teller.tell", summary: "Tells", tag: "tales", auth: "public", status: 200 },
	answer: Type.Unknown(),
};
const teller: ServiceSchema = { name: "teller", actions: { tell: () => ({ text: "once ".repeat(8_000_000) }) } };

describe("stopping a gateway", () => {
	const nodes = new GatewayNodes();
	after(nodes.stopAll);

	it("finishes what runs, takes nothing new, and leaves no connection open", async () => {
		const things = shop();
		const node = await nodes.start({ routes: shopRoutes, services: [things.schema] });
		const token = await node.token("ana");
		const url = urlOf(node.broker);
		const agent = new Agent({ keepAlive: true });
		const idle = await send(agent, `${url}/v1/things`, token);
		assert.deepEqual([idle.status, idle.connection], [200, "keep-alive"]);

		const { promise: opened, resolve: open } = Promise.withResolvers<void>();
		things.hold = () => opened;
		const running = send(agent, `${url}/v1/things`, token, "POST", '{"name":"Lamp"}');
		await until(
			"the request to run",
			async () => things.runs,
			(runs) => runs === 1,
		);
		const stopped = node.broker.stop();
		await until(
			"the door to close",
			() => send(new Agent(), `${url}/health/live`, token).catch((error) => error.code),
			(seen) => seen === "ECONNREFUSED",
		);
		open();
		const got = await running;
		assert.deepEqual([got.status, got.connection], [201, "close"]);
		assert.equal(JSON.parse(got.text).name, "Lamp");
		await stopped;
		agent.destroy();
	});

	it("answers the request that was sent on an open connection before its client could know of the stop", async () => {
		const node = await nodes.start({ routes: shopRoutes, services: [shop().schema] });
		const token = await node.token("ana");
		const url = `${urlOf(node.broker)}/v1/things`;
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		assert.equal((await send(agent, url, token)).connection, "keep-alive");
		const gateway = node.broker.getLocalService("gateway") as unknown as { drain(): Promise<void> };
		const drained = gateway.drain();
		const late = await send(agent, url, token);
		assert.deepEqual([late.status, late.connection], [200, "close"]);
		await drained;
		agent.destroy();
	});

	it("cuts no answer short that its client is slow to read", async () => {
		const node = await nodes.start({ routes: [...shopRoutes, tale], services: [shop().schema, teller] });
		const agent = new Agent({ keepAlive: true });
		const req = request(`${urlOf(node.broker)}${tale.path}`, { agent }).end();
		const [res] = (await once(req, "response")) as [IncomingMessage];
		const gateway = node.broker.getLocalService("gateway") as unknown as { drain(): Promise<void> };
		const drained = gateway.drain();
		await delay(600); // it looks for idle connections meanwhile
		let bytes = 0;
		for await (const chunk of res) bytes += (chunk as Buffer).length;
		assert.equal(bytes, Number(res.headers["content-length"]));
		await drained;
		agent.destroy();
	});

	it("does not wait for people to stop asking", async () => {
		const bus = { transporter: "Fake", namespace: "never-quiet" } as const;
		const others = new Brokers();
		const lines: unknown[][] = [];
		try {
			await others.start({ ...bus, nodeID: "slow" }, {
				name: "teller",
				actions: { tell: () => delay(200, { text: "at last" }) },
			} as ServiceSchema);
			const tracking = { enabled: true, shutdownTimeout: 1_000 };
			const node = await nodes.start({
				routes: [...operationRoutes, tale],
				broker: { ...listening(lines), ...bus, nodeID: "door", tracking },
			});
			const url = `${urlOf(node.broker)}${tale.path}`;
			const statuses = new Set<number>();
			// Several, so that one of their calls to the other node is always under way.
			const asking = Array.from({ length: 12 }, async () => {
				for (;;) {
					const answer = await send(new Agent(), url, "").catch((error: { code: string }) => error.code);
					if (typeof answer === "string") return answer;
					statuses.add(answer.status);
				}
			});
			await until("some answers", async () => statuses.size, (size) => size > 0); // biome-ignore format: one line
			await node.broker.stop();
			assert.deepEqual(await Promise.all(asking), Array(12).fill("ECONNREFUSED"));
			assert.deepEqual([...statuses], [200]);
			assert.deepEqual(lines.filter(([level]) => level === "error"), []); // biome-ignore format: one line
		} finally {
			await others.stopAll();
		}
	});

	it("is not needed to be rid of a client that reads nothing of its answer", async () => {
		const node = await nodes.start({ routes: [...shopRoutes, tale], services: [shop().schema, teller] });
		const { server } = node.broker.getLocalService("gateway") as unknown as { server: Server };
		assert.ok(server.timeout > 0 && server.timeout < 120_000);
		server.timeout = 200;
		const socket = connect(Number(new URL(urlOf(node.broker)).port), "127.0.0.1").pause();
		socket.on("error", () => undefined); // it is cut
		socket.write(`GET ${tale.path} HTTP/1.1\r\nHost: souk\r\n\r\n`);
		await once(server, "request");
		const connections = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
		const others = (await connections()) - 1;
		await until("the connection to be cut", connections, (count) => count <= others);
		socket.destroy();
	});

	it("waits for what runs although its client is gone", async () => {
		const things = shop();
		const node = await nodes.start({ routes: shopRoutes, services: [things.schema] });
		const order: string[] = [];
		const { promise: opened, resolve: open } = Promise.withResolvers<void>();
		things.hold = () => opened.then(() => void order.push("the request"));
		const token = await node.token("ana");
		const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
		const req = request(`${urlOf(node.broker)}/v1/things`, { agent: new Agent(), method: "POST", headers });
		req.on("error", () => undefined); // its connection is cut here
		req.end('{"name":"Lamp"}');
		await until(
			"the request to run",
			async () => things.runs,
			(runs) => runs === 1,
		);
		const gateway = node.broker.getLocalService("gateway") as unknown as {
			drain(): Promise<void>;
			server: Server;
		};
		const connections = () => new Promise<number>((resolve) => gateway.server.getConnections((_error, count) => resolve(count)));
		const before = await connections();
		req.destroy();
		await until("the connection to end", connections, (count) => count < before);
		const drained = gateway.drain().then(() => order.push("the drain"));
		await once(gateway.server, "close");
		setImmediate(open);
		await drained;
		assert.deepEqual(order, ["the request", "the drain"]);
	});

	it("is not ready from then on", async () => {
		const things = shop();
		const node = await nodes.start({ routes: shopRoutes, services: [things.schema] });
		const token = await node.token("ana");
		const url = urlOf(node.broker);
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const { promise: opened, resolve: open } = Promise.withResolvers<void>();
		things.hold = () => opened;
		const running = send(agent, `${url}/v1/things`, token, "POST", '{"name":"Lamp"}');
		await until(
			"the request to run",
			async () => things.runs,
			(runs) => runs === 1,
		);
		const ready = () => node.broker.call<{ status: string }>("gateway.ready");
		const stopped = node.broker.stop();
		const refusal = await until(
			"readiness to end",
			() =>
				ready().then(
					() => null,
					(error) => error,
				),
			(error) => error !== null,
		);
		assert.match(refusal.message, /gateway: stopping/);
		open();
		assert.equal((await running).status, 201);
		await stopped;
		agent.destroy();
	});
});
