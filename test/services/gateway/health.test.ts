import assert from "node:assert/strict";
import type { ServiceSchema } from "moleculer";
import { Compile } from "typebox/compile";
import { Health } from "../../../contracts/http/operations.ts";
import { type HealthCheck, health } from "../../../mixins/health/health.mixin.ts";
import { withoutAddresses } from "../../../services/gateway/readiness.ts";
import { listening } from "../../support/brokers.ts";
import { type GatewayNode, GatewayNodes } from "../../support/gateway-node.ts";
import type { HttpAnswer } from "../../support/http.ts";
import { shop, shopRoutes } from "../../support/shop.ts";
import { until } from "../../support/until.ts";

const group = { group: "shop", service: "shop", ok: true, lag: 3, inFlight: 1 };

/** A shop whose store is as well as the test says. */
const shopWith = (state: { check: HealthCheck }): ServiceSchema => ({
	...shop().schema,
	mixins: [health(() => ({ checks: { store: () => state.check() }, consumers: async () => [group] })) as ServiceSchema],
});

const checkOf = ({ body }: HttpAnswer, name: string) => body.checks.find((check: { name: string }) => check.name === name);

describe("health", () => {
	const nodes = new GatewayNodes();
	const isHealth = Compile(Health);
	const state: { check: HealthCheck } = { check: async () => undefined };
	const lines: unknown[][] = [];
	let node: GatewayNode;
	before(async () => {
		node = await nodes.start({ routes: shopRoutes, services: [shopWith(state)], broker: listening(lines) });
	});
	beforeEach(() => {
		state.check = async () => undefined;
	});
	after(nodes.stopAll);

	const get = (path: string) => node.api.get(path);
	const untilStatus = (status: number) =>
		until(
			`ready to answer ${status}`,
			() => get("/health/ready"),
			(seen) => seen.status === status,
		);

	it("lists each dependency and each consumer group with its lag, without a token", async () => {
		for (const path of ["/health", "/health/ready"]) {
			const answer = await get(path);
			assert.equal(answer.status, 200);
			assert.ok(isHealth.Check(answer.body), answer.text);
			assert.equal(answer.body.status, "ok");
			assert.deepEqual(
				answer.body.checks.map(({ name }: { name: string }) => name),
				["gateway", "access-tokens", "sockets", "bus", "shop", "shop.store", "shop.consumers"],
			);
			assert.deepEqual(answer.body.consumers, [group]);
		}
	});

	it("is told to older clients in their envelope", async () => {
		const { body } = await get("/v1/health");
		assert.equal(body.status, "success");
		assert.ok(isHealth.Check(body.data));
	});

	it("is not ready while a store does not answer, says which, and is alive all the while", async () => {
		state.check = async () => {
			throw new Error("disk full");
		};
		const answer = await untilStatus(503);
		assert.equal(answer.headers.get("content-type"), "application/problem+json");
		assert.equal(answer.body.code, "UNAVAILABLE");
		assert.match(answer.body.detail, /shop\.store: disk full/);
		assert.deepEqual(checkOf(answer, "shop.store"), { name: "shop.store", ok: false, detail: "disk full" });
		assert.deepEqual(answer.body.consumers, [group]);
		const told = await get("/health");
		assert.deepEqual([told.status, told.body.status], [200, "degraded"]);
		assert.deepEqual([(await get("/health/live")).status, (await get("/health/live")).body], [200, { status: "ok" }]);
		state.check = async () => undefined;
		await untilStatus(200);
	});

	it("tells everybody what is wrong, but not where: hosts and folders stay in the log", async () => {
		for (const [said, told] of [
			["connect ECONNREFUSED 10.0.0.7:27017", "connect ECONNREFUSED …"],
			["connect ECONNREFUSED ::1:27017", "connect ECONNREFUSED …"],
			["getaddrinfo ENOTFOUND mongo-0.mongo.svc:27017", "getaddrinfo ENOTFOUND …"],
			["cannot reach mongodb://user:secret@db.example/souk?x=1", "cannot reach …"],
			["unable to open /var/lib/souk/orders.sqlite", "unable to open …"],
			["indexes are missing: orders.code", "indexes are missing: orders.code"],
		] as const) {
			assert.equal(withoutAddresses(said), told);
		}
		state.check = async () => {
			throw new Error("connect ECONNREFUSED 10.0.0.7:27017");
		};
		assert.doesNotMatch((await untilStatus(503)).text, /10\.0\.0\.7|27017/);
		const line = await until("the log", async () => lines.find((said) => JSON.stringify(said).includes("10.0.0.7")), Boolean);
		assert.equal(line?.[0], "warn");
		state.check = async () => undefined;
		await untilStatus(200);
	});

	it("takes a check that hangs for one that failed", async () => {
		state.check = () => new Promise(() => undefined);
		assert.match((await untilStatus(503)).body.detail, /shop\.store: no answer/);
		state.check = async () => undefined;
		await untilStatus(200);
	}).timeout(15_000);

	it("is not ready while a service that the routes need is not there", async () => {
		const alone = await nodes.start({ routes: shopRoutes, unready: true });
		const first = await alone.api.get("/health/ready");
		assert.equal(first.status, 503);
		assert.deepEqual(checkOf(first, "shop"), { name: "shop", ok: false, detail: "not there" });
		alone.broker.createService(shop().schema);
		await until(
			"ready",
			() => alone.api.get("/health/ready"),
			({ status }) => status === 200,
		);
	});

	it("is not ready before the keys of access tokens are known", async () => {
		const broken = {
			name: "auth",
			actions: { jwks: () => Promise.reject(new Error("no")), endedSessions: () => Promise.reject(new Error("no")) },
		};
		const auth = { ...node.auth, schema: broken };
		const deaf = await nodes.start({ routes: shopRoutes, services: [shop().schema], auth, unready: true });
		const answer = await deaf.api.get("/health/ready");
		assert.equal(answer.status, 503);
		assert.equal(checkOf(answer, "access-tokens").ok, false);
		assert.equal((await deaf.api.get("/v1/things", { token: await node.token("ana") })).status, 503);
	});

	it("says no more of a Redis that is away than that, and stays ready", async () => {
		const away = await nodes.start({
			routes: shopRoutes,
			services: [shop().schema],
			profile: { redisUrl: "redis://user:secret@127.0.0.1:1" },
		});
		const answer = await away.api.get("/health/ready");
		assert.equal(answer.status, 200);
		assert.deepEqual(checkOf(answer, "redis"), { name: "redis", ok: false, detail: "no answer" });
		assert.doesNotMatch(answer.text, /secret|127\.0\.0\.1/);
	});
});
