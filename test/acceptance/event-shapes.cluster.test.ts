import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { eventfulEnv, eventShapes } from "./event-shapes.suite.ts";

describe("Domain events over JetStream", function () {
	this.timeout(60_000);
	let cluster: Cluster | undefined;
	let ear: SoukProcess | undefined;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			env: eventfulEnv,
			nodes: [{ services: ["gateway", "auth", "chat", "notification", "email"] }, { services: ["orders", "payment"] }],
		});
		const env = { ...cluster.env, SERVICES: "payment", NODE_ID: "ear" };
		ear = new SoukProcess(env, "test/support/fixtures/souk-with-ear.ts");
		await ear.start();
	});
	after(async () => {
		if (ear?.running) await ear.kill("SIGTERM");
		await cluster?.stop();
	});

	eventShapes(
		() => {
			if (!cluster) throw new Error("there is no cluster");
			return cluster.api;
		},
		() => ear?.logs ?? "",
	);
});
