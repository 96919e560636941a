import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ServiceBroker } from "moleculer";
import { readEnvironment } from "../../config/environment.ts";
import { brokerOptions } from "../../moleculer.config.ts";
import { Brokers, quiet } from "../support/brokers.ts";
import { needs, type RunningServer, startNats } from "../support/servers.ts";
import { until } from "../support/until.ts";

const bareNode = fileURLToPath(new URL("fixtures/bare-node.ts", import.meta.url));
/** What the cluster promises; past it a call still goes to the dead. */
const outWithin = 6_000;

describe("a node that died", () => {
	const brokers = new Brokers();
	let nats: RunningServer | undefined;
	let child: ChildProcess | undefined;
	let watcher: ServiceBroker;

	const start = async (): Promise<void> => {
		child = fork(bareNode, [(nats as RunningServer).url, "mortal"]);
		await once(child, "message");
	};

	const seesIt = async (): Promise<boolean> => {
		const nodes: { id: string }[] = await watcher.call("$node.list", { onlyAvailable: true });
		return nodes.some(({ id }) => id === "mortal");
	};

	before(async function () {
		this.timeout(90_000);
		needs(this, "nats");
		nats = await startNats();
		const settings = readEnvironment({ TRANSPORTER: nats.url, MONGO_URL: "mongodb://unused", REDIS_URL: "redis://unused" });
		watcher = await brokers.start({ ...brokerOptions(settings), ...quiet, cacher: null, nodeID: "watcher" });
		await start();
	});
	after(async () => {
		child?.kill("SIGKILL");
		await brokers.stopAll();
		await nats?.stop();
	});

	it("is not one that spoke while we stood still ourselves", async () => {
		await until("the node", seesIt, Boolean);
		const lost: string[] = [];
		watcher.localBus.on("$node.disconnected", ({ node }: { node: { id: string } }) => lost.push(node.id));
		const standstill = new Int32Array(new SharedArrayBuffer(4));
		await turn(); // what comes next are timers, and only then what was received
		Atomics.wait(standstill, 0, 0, 4_000);
		await delay(3_000); // a look that was due, and the next one
		assert.deepEqual(lost, []);
		assert.equal(await seesIt(), true);
	});

	it("without a word is out of the registry within 6 s, and not before that for being quiet for a moment", async () => {
		await until("the node", seesIt, Boolean);
		assert.ok(child?.pid);
		// Half a second without a heartbeat: a garbage collection, a busy loop.
		process.kill(child.pid, "SIGSTOP");
		await new Promise((resolve) => setTimeout(resolve, 500));
		process.kill(child.pid, "SIGCONT");
		assert.equal(await seesIt(), true);
		child.kill("SIGKILL");
		await until("the registry to drop the node", seesIt, (seen) => !seen, outWithin);
	});

	it("and is back under its name before it was missed leaves nobody waiting for what its life before was asked", async () => {
		await start();
		await until("the node", seesIt, Boolean);
		const lost: string[] = [];
		watcher.localBus.on("$node.disconnected", ({ node }: { node: { id: string } }) => lost.push(node.id));
		process.kill(child?.pid ?? 0, "SIGSTOP");
		const asked = watcher.call("$node.health", {}, { nodeID: "mortal", timeout: 50_000, retries: 0 });
		child?.kill("SIGKILL");
		await Promise.all([assert.rejects(asked, { type: "REQUEST_REJECTED" }), start()]);
		assert.deepEqual(lost, []);
		assert.ok(await watcher.call("$node.health", {}, { nodeID: "mortal" }));
	});
});
