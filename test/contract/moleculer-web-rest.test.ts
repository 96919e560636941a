import assert from "node:assert/strict";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceBroker, ServiceSchema } from "moleculer";
import ApiGateway from "moleculer-web";
import { Brokers } from "../support/brokers.ts";
import { GatewayNodes } from "../support/gateway-node.ts";
import { type HttpAnswer, type HttpClient, httpClient } from "../support/http.ts";
import { shop, shopRoutes } from "../support/shop.ts";
import { until } from "../support/until.ts";

// What mixins/rest leans on in moleculer-web 0.11, and what it is there to keep away. When one of these fails after an update,
// the sentence says which line of mixins/rest to look at.

const bare = (more: { settings?: object; actions?: object; methods?: object; routes?: object[] } = {}): ServiceSchema =>
	({
		name: "web",
		mixins: [ApiGateway],
		settings: {
			port: 0,
			ip: "127.0.0.1",
			logRequest: null,
			logResponse: null,
			routes: more.routes ?? [{ path: "/", aliases: { "GET /ids/:id": "echo.show" } }],
			...more.settings,
		},
		actions: more.actions ?? {},
		methods: more.methods ?? {},
	}) as unknown as ServiceSchema;

const echo: ServiceSchema = {
	name: "echo",
	actions: {
		show: (ctx) => ctx.params,
		fail: () => {
			throw new Error("inner words");
		},
	},
};

interface Web {
	server: { address(): AddressInfo; listening: boolean };
	actions: object;
	aliases: { method: string; fullPath: string; handler: unknown; match(path: string): unknown }[];
	resolveAlias(path: string, method: string): { alias: { handler: unknown }; params: object } | false;
}

const webOf = (broker: ServiceBroker): Web => broker.getLocalService("web") as unknown as Web;
const clientOf = (broker: ServiceBroker): HttpClient => httpClient(`http://127.0.0.1:${webOf(broker).server.address().port}`);

describe("moleculer-web under mixins/rest", () => {
	const brokers = new Brokers();
	after(brokers.stopAll);

	it("keeps a function alias as `handler`, matches its path with decoded parameters, and its case if told so", async () => {
		const handler = () => undefined;
		const pathToRegexpOptions = { sensitive: true };
		const broker = await brokers.start(
			{},
			bare({ routes: [{ path: "/", pathToRegexpOptions, aliases: { "PUT /a/:id": handler } }] }),
		);
		const web = webOf(broker);
		const found = web.resolveAlias("/a/x%20y", "PUT");
		assert.ok(found);
		assert.equal(found.alias.handler, handler);
		assert.deepEqual(found.params, { id: "x y" });
		assert.equal(web.resolveAlias("/A/x", "PUT"), false);
		assert.equal(web.resolveAlias("/a/x", "HEAD"), false);
		assert.deepEqual(
			web.aliases.map(({ method, fullPath }) => [method, fullPath]),
			[["PUT", "/a/:id"]],
		);
	});

	it("throws UNABLE_DECODE_PARAM for a parameter that is not well encoded", async () => {
		const broker = await brokers.start({}, bare());
		assert.throws(() => webOf(broker).resolveAlias("/ids/%E0%A4%A", "GET"), { type: "UNABLE_DECODE_PARAM", code: 400 });
	});

	it("puts paths without parameters before those with", async () => {
		const routes = [{ path: "/", aliases: { "GET /a/:id": "echo.fail", "GET /a/b": "echo.show" } }];
		const broker = await brokers.start({}, echo, bare({ routes }));
		assert.equal((await clientOf(broker).get("/a/b")).status, 200);
	});

	it("calls the method httpHandler for each request, which a schema may replace; and removes actions with false", async () => {
		const methods = {
			httpHandler(_req: unknown, res: { end(text: string): void }) {
				res.end("ours");
			},
		};
		const broker = await brokers.start(
			{},
			echo,
			bare({ methods, actions: { rest: false, listAliases: false, addRoute: false } }),
		);
		assert.equal((await clientOf(broker).get("/ids/1")).text, "ours");
		await assert.rejects(broker.call("web.addRoute"), { type: "SERVICE_NOT_FOUND" });
		assert.equal(Object.keys(webOf(broker).actions).includes("rest"), false);
	});

	it("queues requests behind the bulkhead of the broker; the gateway calls no action for a request", async () => {
		const bulkhead = { enabled: true, concurrency: 1, maxQueueSize: 1 };
		/** A request whose body does not come holds its place. */
		const hang = (url: string, path: string, token: string) => {
			const headers = { "content-type": "application/json", "content-length": "10", authorization: `Bearer ${token}` };
			const req = request(`${url}${path}`, { method: "POST", headers });
			req.on("error", () => undefined); // it is cut at the end
			req.write("{");
			return req;
		};
		const routes = [
			{ path: "/", bodyParsers: { json: true }, aliases: { "POST /slow": "echo.show", "GET /ids/:id": "echo.show" } },
		];
		const broker = await brokers.start({ bulkhead }, echo, bare({ routes }));
		const api = clientOf(broker);
		const stuck = hang(api.url, "/slow", "");
		const waiting: Promise<HttpAnswer>[] = [];
		const oneMore = (): Promise<number> => {
			const answer = api.get("/ids/1");
			waiting.push(answer);
			return Promise.race([answer.then(({ status }) => status), delay(50, 0)]);
		};
		await until("the queue to be full", oneMore, (status) => status === 429);
		stuck.destroy();
		await Promise.all(waiting);

		const nodes = new GatewayNodes();
		try {
			const node = await nodes.start({ routes: shopRoutes, services: [shop().schema], broker: { bulkhead } });
			const token = await node.token("ana");
			const held = [hang(node.api.url, "/v1/things", token), hang(node.api.url, "/v1/things", token)];
			assert.equal((await node.api.get("/v1/things", { token })).status, 200);
			for (const req of held) req.destroy();
		} finally {
			await nodes.stopAll();
		}
	});

	it("publishes settings to every node, but for those in $secureSettings", async () => {
		const nodes = new GatewayNodes();
		try {
			const { broker } = await nodes.start({ routes: shopRoutes, services: [shop().schema] });
			const [gateway] = broker.registry
				.getServiceList({ onlyLocal: true })
				.filter(({ name }: { name: string }) => name === "gateway") as { settings: object }[];
			const names = Object.keys(gateway?.settings ?? {});
			assert.ok(names.length > 0);
			for (const name of ["routes", "port", "ip"]) assert.equal(names.includes(name), false, name);
		} finally {
			await nodes.stopAll();
		}
	});
});
