import assert from "node:assert/strict";
import type { RateLimit } from "../../../config/profile-type.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import { needsOwn, type RunningServer, startRedis } from "../../support/servers.ts";
import { shop, shopRoutes } from "../../support/shop.ts";
import { until } from "../../support/until.ts";

const of = (count: number): RateLimit => ({ count, seconds: 600 });

describe("rate limits", () => {
	const nodes = new GatewayNodes();
	after(nodes.stopAll);
	const start = (limits: { api?: RateLimit; login?: RateLimit }, redisUrl: string | null = null, trustProxy = 0) =>
		nodes.start({
			routes: shopRoutes,
			services: [shop().schema],
			profile: { rateLimits: { api: "off", login: "off", posts: "off", ...limits }, redisUrl, trustProxy },
		});
	const get = (node: GatewayNode, token: string) => node.api.get("/v1/things", { token });

	it("tell in structured fields what is left, and answer 429 with Retry-After when nothing is", async () => {
		const node = await start({ api: of(2) });
		const token = await node.token("ana");
		const first = await get(node, token);
		assert.equal(first.headers.get("ratelimit-policy"), '"api";q=2;w=600');
		assert.match(first.headers.get("ratelimit") ?? "", /^"api";r=1;t=\d+$/);
		assert.match((await get(node, token)).headers.get("ratelimit") ?? "", /^"api";r=0;t=/);
		const refused = await get(node, token);
		assert.deepEqual([refused.status, refused.body.code], [429, "RATE_LIMITED"]);
		assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
		assert.match(refused.headers.get("ratelimit") ?? "", /^"api";r=0;t=/);
	});

	it("count each user apart, and strangers by address", async () => {
		const node = await start({ api: of(1) });
		for (const user of ["ana", "ben"]) assert.equal((await get(node, await node.token(user))).status, 200);
		assert.equal((await get(node, await node.token("ana"))).status, 429);
		assert.equal((await node.api.get("/v1/public")).status, 200);
		assert.equal((await node.api.get("/v1/public")).status, 429);
	});

	it("count refused tokens against their address", async () => {
		const node = await start({ api: of(2) });
		const guess = () => node.api.get("/v1/things", { token: "guess" });
		assert.deepEqual([(await guess()).status, (await guess()).status, (await guess()).status], [401, 401, 429]);
		assert.equal((await get(node, await node.token("ana"))).status, 200);
	});

	it("add a route's own limit to that of the API, and name both", async () => {
		const node = await start({ api: of(100), login: of(1) });
		const enter = () => node.api.post("/v1/enter", {});
		const first = await enter();
		assert.equal(first.status, 200);
		assert.equal(first.headers.get("ratelimit-policy"), '"api";q=100;w=600, "login";q=1;w=600');
		assert.equal((await enter()).status, 429);
		assert.equal((await node.api.get("/v1/public")).status, 200);
	});

	it("know the client behind a proxy that is trusted", async () => {
		const node = await start({ api: of(1) }, null, 1);
		const from = (address: string) => node.api.get("/v1/public", { headers: { "x-forwarded-for": `9.9.9.9, ${address}` } });
		assert.deepEqual(
			[(await from("1.1.1.1")).status, (await from("2.2.2.2")).status, (await from("1.1.1.1")).status],
			[200, 200, 429],
		);
	});

	it("count a line of IPv6 as one, whichever of its addresses it takes", async () => {
		const node = await start({ api: of(2) }, null, 1);
		const from = async (address: string) =>
			(await node.api.get("/v1/public", { headers: { "x-forwarded-for": address } })).status;
		assert.deepEqual([await from("2001:db8:1:2::1"), await from("2001:db8:1:2:ffff::2"), await from("2001:db8:1:2:a:b:c:d")], [200, 200, 429]); // biome-ignore format: one line
		assert.equal(await from("2001:db8:1:3::1"), 200);
	});

	it("leave probes and preflights alone, and say nothing when they are off", async () => {
		const node = await start({ api: of(1) });
		for (let n = 0; n < 5; n++) assert.equal((await node.api.get("/health/live")).status, 200);
		const off = await start({});
		assert.equal((await off.api.get("/v1/public")).headers.get("ratelimit"), null);
	});

	describe("with Redis", () => {
		let redis: RunningServer;
		before(async function () {
			needsOwn(this, "redis");
			redis = await startRedis({ own: true });
		});
		after(() => redis?.stop());

		it("are shared by the nodes; while Redis is away each node counts for itself", async () => {
			const pair = await Promise.all([start({ api: of(3) }, redis.url), start({ api: of(3) }, redis.url)]);
			const [one, two] = pair;
			const left = async (node: GatewayNode, user: string): Promise<string> => {
				const { status, headers } = await get(node, await node.token(user));
				return `${status} ${/r=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]}`;
			};
			const up = async (node: GatewayNode) => (await node.api.get("/health")).body.checks;
			for (const node of pair) {
				await until(
					"Redis",
					() => up(node),
					(checks) => checks.find(({ name }: { name: string }) => name === "redis")?.ok,
				);
			}
			assert.deepEqual([await left(one, "ana"), await left(two, "ana"), await left(one, "ana")], ["200 2", "200 1", "200 0"]);
			assert.equal(await left(two, "ana"), "429 0");
			await redis.kill();
			assert.deepEqual([await left(one, "ben"), await left(two, "ben")], ["200 2", "200 2"]);
		});
	});
});
