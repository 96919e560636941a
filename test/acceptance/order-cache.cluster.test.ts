import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { countCommands, type WireCounter } from "../../bench/support/wire-counter.ts";
import { type HttpClient, httpClient } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { type TcpGate, tcpGate } from "../support/tcp-gate.ts";
import { until } from "../support/until.ts";
import { orderCache } from "./order-cache.suite.ts";

// Each call of a gateway goes to the next of the two orders nodes, so what one node wrote is read on the other one as well.

describe("Cached orders over HTTP, two gateways and two orders nodes", function () {
	this.timeout(60_000);
	let cluster: Cluster<WireCounter>;
	let gateways: HttpClient[];
	let market: Market;
	let gate: TcpGate;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "chat", "notification", "email"] },
				{ services: ["gateway"] },
				{ services: ["orders"] },
				{ services: ["payment"] },
			],
			// What looks at orders by itself stands still while commands are counted.
			env: { OUTBOX_SWEEP_MS: "3600000", RECONCILE_EVERY_MS: "600000" },
			mongoProxy: countCommands,
		});
		gate = await tcpGate(cluster.redis.port);
		await cluster.add({ services: ["orders"], env: { REDIS_URL: `redis://127.0.0.1:${gate.port}` } });
		gateways = cluster.withService("gateway").map(({ process }) => httpClient(process.url));
		market = await openMarket(cluster.api);
	});
	after(async () => {
		await cluster?.stop();
		await gate?.close();
	});

	orderCache(() => cluster.api);

	const paid = async (): Promise<string> => {
		const { id } = await market.place({ paymentMethod: "sandbox_success" });
		await market.until(id, "paid");
		return id;
	};
	/** On each node, through each gateway. */
	const everywhere = async (id: string) => {
		const token = market.buyer.token;
		return Promise.all([...gateways, ...gateways].map((gateway) => gateway.get(`/v1/orders/${id}`, { token })));
	};
	const showEverywhere = async (id: string, status: string): Promise<string[]> => {
		const answers = await everywhere(id);
		for (const { body } of answers) assert.equal(body.status, status);
		return answers.map(({ headers }) => headers.get("x-cache") ?? "");
	};
	/** It is written, and whoever wrote it has put it into the cache. */
	const cachedEverywhere = (id: string, status: string): Promise<string[]> =>
		until(
			`hits of ${id}`,
			() => showEverywhere(id, status),
			(seen) => seen.every((cache) => cache === "HIT"),
		);
	/** What lies in Redis under the order. */
	const kept = async (id: string): Promise<(string | null)[]> => {
		const client = new Redis(cluster.redis.url);
		try {
			return await Promise.all((await client.keys(`*:cache:order:*:${id}`)).map((key) => client.get(key)));
		} finally {
			client.disconnect();
		}
	};
	const reads = (): number => cluster.mongoProxy.byCollection.get("find orders") ?? 0;

	it("cost no command of the database", async () => {
		const id = await paid();
		await cachedEverywhere(id, "paid");
		const before = reads();
		for (let turn = 0; turn < 10; turn++) await showEverywhere(id, "paid");
		assert.equal(reads(), before);
	});

	it("are never older than what was answered before, on any node, move after move", async () => {
		for (let turn = 0; turn < 5; turn++) {
			const id = await paid();
			const steps = [
				["ship", { carrier: "DHL", trackingNumber: "1" }, "shipped"],
				["tracking", { status: "in_transit" }, "shipped"],
				["deliver", {}, "delivered"],
			] as const;
			for (const [move, body, status] of steps) {
				const done = await market.move(id, move, body, market.seller.token);
				assert.equal(done.status, 200, done.text);
				for (const { body: seen } of await everywhere(id)) assert.equal(seen.version, done.body.version);
				assert.equal(done.body.status, status);
			}
		}
	});

	it("are read from the database while Redis is away, and never come back older", async () => {
		const id = await paid();
		await cachedEverywhere(id, "paid");
		const before = reads();
		await cluster.redis.kill();
		assert.deepEqual(await showEverywhere(id, "paid"), ["MISS", "MISS", "MISS", "MISS"]);
		assert.ok(reads() > before, "the counter counts");
		assert.equal((await market.move(id, "cancel", {})).status, 200);
		await showEverywhere(id, "cancelled");
		await cluster.redis.restart();
		await cachedEverywhere(id, "cancelled");
	});

	it("are never older than what was answered, when Redis stood still over the write and still has the old", async () => {
		const id = await paid();
		await cachedEverywhere(id, "paid");
		process.kill(cluster.redis.pid, "SIGSTOP");
		try {
			assert.equal((await market.move(id, "cancel", {})).status, 200);
			await showEverywhere(id, "cancelled");
		} finally {
			process.kill(cluster.redis.pid, "SIGCONT");
		}
		await cachedEverywhere(id, "cancelled");
	});

	it("are never older than what was answered by a node that alone is cut off from Redis", async () => {
		const ids = await Promise.all(Array.from({ length: 8 }, paid));
		for (const id of ids) await cachedEverywhere(id, "paid");
		gate.cut();
		for (const id of ids) {
			assert.equal((await market.move(id, "cancel", {})).status, 200);
			await showEverywhere(id, "cancelled");
		}
		gate.open();
		for (const id of ids) {
			await cachedEverywhere(id, "cancelled");
		}
	});

	it("are put back by a node that starts, when Redis has forgotten them", async () => {
		const id = await paid();
		await cluster.redis.restart();
		await cluster.add({ services: ["orders"] });
		await until(
			"the order in Redis",
			() => kept(id),
			([text]) => text?.startsWith("v") ?? false,
		);
	});
});
