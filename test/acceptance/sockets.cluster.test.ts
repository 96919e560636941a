import assert from "node:assert/strict";
import { freePort } from "../support/free-port.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { socketLimits } from "./sockets-limits.suite.ts";
import { socketPressure } from "./sockets-pressure.suite.ts";
import { listedOrigin, publicUrl, socketRefusals } from "./sockets-refusals.suite.ts";
import { socketTokens } from "./sockets-tokens.suite.ts";

describe("Sockets, on nodes behind a gateway", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	let clock: TestClock;
	let ports: number[];
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		clock = await testClock();
		const socketPorts = [await freePort(), await freePort()];
		cluster = await startCluster({
			env: { ...clock.env, CORS_ORIGINS: listedOrigin, PUBLIC_URL: publicUrl, SOCKETS_PER_USER: "200" },
			nodes: [
				{ services: ["gateway"] },
				{ services: ["auth", "orders", "payment", "notification", "email"] },
				...socketPorts.map((port) => ({ services: ["chat"], env: { SOCKET_PORT: String(port) } })),
			],
		});
		ports = [Number(new URL(cluster.url).port), ...socketPorts];
	});
	after(async () => {
		await cluster?.stop();
		await clock?.remove();
	});

	describe("refuse", () => socketRefusals(() => cluster.api));
	describe("bound", () =>
		socketLimits(
			() => cluster.api,
			() => ports,
		));
	describe("hold back", () =>
		socketPressure(
			() => cluster.api,
			() => cluster.nodes.map(({ process }) => process.pid),
		));
	describe("end with what let them in", () =>
		socketTokens(
			() => cluster.api,
			() => clock,
		));
	// Behind the others: it starts nodes anew.
	describe("after a start", () => {
		it("are let in at their first try, by a node that says that it is ready", async () => {
			const knock = async (port: number | undefined): Promise<number> =>
				(await fetch(`http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling&stream_id=x`)).status;
			assert.deepEqual(await Promise.all(ports.map(knock)), [200, 200, 200]);
			for (const [index, name] of ["gateway", "chat"].entries()) {
				const [node] = cluster.withService(name);
				await node?.process.restart();
				assert.equal(await knock(ports[index]), 200, name);
			}
		});
	});
});
