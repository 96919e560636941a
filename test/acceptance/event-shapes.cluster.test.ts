import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { accountLinks } from "./account-links.suite.ts";
import { eventfulEnv, eventShapes } from "./event-shapes.suite.ts";

describe("Domain events over JetStream", function () {
	this.timeout(60_000);
	let cluster: Cluster | undefined;
	let ear: SoukProcess | undefined;
	let clock: TestClock;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		clock = await testClock();
		cluster = await startCluster({
			env: { ...eventfulEnv, ...clock.env },
			nodes: [{ services: ["gateway", "auth", "chat", "notification", "email"] }, { services: ["orders", "payment"] }],
		});
		const env = { ...cluster.env, SERVICES: "payment", NODE_ID: "ear" };
		ear = new SoukProcess(env, "test/support/fixtures/souk-with-ear.ts");
		await ear.start();
	});
	after(async () => {
		if (ear?.running) await ear.kill("SIGTERM");
		await cluster?.stop();
		await clock?.remove();
	});
	const api = () => {
		if (!cluster) throw new Error("there is no cluster");
		return cluster.api;
	};
	const logs = () => ear?.logs ?? "";
	const nodes = () => cluster?.nodes.map(({ process }) => process.logs).join("") ?? "";

	describe("and the links that mails carry", () => accountLinks(api, logs, nodes));
	describe("each of them", () => eventShapes(api, logs, () => clock));
});
