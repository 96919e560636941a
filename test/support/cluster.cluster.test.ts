import assert from "node:assert/strict";
import { type Cluster, startCluster } from "./cluster.ts";
import { needsOwn } from "./servers.ts";
import { until } from "./until.ts";

describe("support: a cluster of processes", function () {
	this.timeout(120_000);
	let cluster: Cluster | undefined;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [{ services: ["gateway", "auth", "chat", "notification", "email"] }, { services: ["orders", "payment"] }],
		});
	});
	after(() => cluster?.stop());

	const isReady = async (): Promise<boolean> => (await cluster?.api.get("/health/ready"))?.status === 200;

	it("serves through its gateway, and knows when a node was killed and is back", async () => {
		assert.ok(cluster);
		assert.equal(await isReady(), true);
		const [orders] = cluster.withService("orders");
		await orders?.process.kill();
		await until("the gateway to miss it", isReady, (ready) => !ready);
		await orders?.process.restart();
		await until("the gateway to see it", isReady, (ready) => ready);
	});

	it("is back after each of its servers was killed and started again", async () => {
		assert.ok(cluster);
		for (const server of [cluster.nats, cluster.mongod, cluster.redis]) {
			await server.restart();
			await until("the gateway to be ready", isReady, (ready) => ready, 60_000);
		}
		assert.ok((await cluster.nats.inMessages()) > 0);
	});

	it("takes one more node", async () => {
		assert.ok(cluster);
		const node = await cluster.add({ services: ["payment"] });
		assert.equal(cluster.withService("payment").length, 2);
		assert.deepEqual(await node.process.kill("SIGTERM"), { code: 0, signal: null });
	});
});
