import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { Errors, type ServiceSchema } from "moleculer";
import ApiGateway from "moleculer-web";
import { Brokers } from "../support/brokers.ts";
import { type HttpClient, httpClient } from "../support/http.ts";
import { until } from "../support/until.ts";

describe("moleculer-web", () => {
	const brokers = new Brokers();
	after(brokers.stopAll);

	const shop = {
		name: "shop",
		actions: {
			serve: { rest: "GET /serve", handler: () => "served" },
			weigh: { params: { grams: "number" }, handler: () => "weighed" },
			fail(): never {
				throw new Errors.MoleculerError("out of satay", 500, "OUT", { recipe: "secret" });
			},
		},
	};

	/** Resolves when it listens, which is before the broker's start is over. */
	const open = async (route: object): Promise<HttpClient> => {
		const settings = { port: 0, ip: "127.0.0.1", routes: [{ path: "/", ...route }], logRequest: null, logResponse: null };
		const gateway: ServiceSchema = {
			name: "api",
			mixins: [ApiGateway as Partial<ServiceSchema>],
			settings: settings as object,
		};
		const broker = await brokers.start({ nodeID: "kitchen-7" }, gateway, shop);
		const { port } = (broker.getLocalService("api") as unknown as { server: { address(): AddressInfo } }).server.address();
		return httpClient(`http://127.0.0.1:${port}`);
	};

	it("mounts the routes that actions ask for a moment after the start, and answers 404 until then", async () => {
		const api = await open({ autoAliases: true });
		const status = async (): Promise<number> => (await api.get("/shop/serve")).status;
		assert.equal(await status(), 404);
		await until("the route", status, (seen) => seen === 200);
	});

	it("answers at a route that was named beforehand from the first request on", async () => {
		const serve = (_req: unknown, res: { end(text: string): void }): void => res.end("served");
		const api = await open({ aliases: { "GET /serve": serve } });
		assert.equal((await api.get("/serve")).text, "served");
	});

	it("tells the node, the action and an error's data to everybody, so refusals are ours to write", async () => {
		const api = await open({ aliases: { "GET /fail": "shop.fail", "GET /weigh": "shop.weigh" } });
		assert.deepEqual((await api.get("/fail")).body.data, { recipe: "secret" });
		const [refusal] = (await api.get("/weigh")).body.data;
		assert.deepEqual([refusal.nodeID, refusal.action], ["kitchen-7", "shop.weigh"]);
	});
});
