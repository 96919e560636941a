import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import { FeedWatch } from "../support/cdc-node.ts";
import { signUp } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, type ClusterNode, startCluster } from "../support/souk.ts";
import { until } from "../support/until.ts";

// Two nodes that could follow each collection, of which one dies and one stands still, under documents that change all the while.

describe("The change feed of a cluster", function () {
	this.timeout(90_000);
	let cluster: Cluster | undefined;
	let watch: FeedWatch | undefined;

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "orders", "payment", "chat", "notification"] },
				{ services: ["cdc"] },
				{ services: ["cdc"] },
			],
			env: { CDC_COLLECTIONS: "orders,users", METRICS_PORT: "0" },
		});
		watch = await FeedWatch.open({ natsUrl: cluster.nats.url, mongoUrl: cluster.mongod.url, name: "souk" });
		await watch.begin();
	});
	after(async () => {
		await watch?.close();
		await cluster?.stop();
	});

	/** Set by `before`, or all of this is skipped. */
	const feed = (): FeedWatch => watch as FeedWatch;
	const souk = (): Cluster => cluster as Cluster;
	const nodeNamed = (name: string): ClusterNode => {
		const found = souk()
			.withService("cdc")
			.find((_node, at) => `cdc-${at + 1}` === name);
		assert.ok(found, name);
		return found;
	};
	const rowOf = async (collection: string): Promise<GroupHealth | undefined> => {
		const { body } = await souk().api.get("/health");
		return body.consumers.find(({ group }: GroupHealth) => group === `cdc.${collection}`);
	};
	const tailed = (collection: string): Promise<GroupHealth | undefined> =>
		until(`${collection} to be followed`, () => rowOf(collection), (row) => row?.detail?.startsWith("tailing") ?? false); // biome-ignore format: one line

	/** Changes documents one after the other until it is told to stop; answers how often each was. */
	const changeOn = (ids: readonly string[]) => {
		const orders = feed().collection("orders");
		let stopped = false;
		const run = async (): Promise<number> => {
			let version = 0;
			while (!stopped) {
				version += 1;
				for (const _id of ids) await orders.findOneAndUpdate({ _id }, { $set: { version } });
				await delay(10); // as fast as it goes there are thousands of them by the time that somebody takes over
			}
			return version;
		};
		const running = run();
		return () => {
			stopped = true;
			return running;
		};
	};

	/** All that was written has come, never back to an older state but where a change comes again, under its own id. */
	const assertWhole = async (id: string, last: number): Promise<void> => {
		const versionOf = ({ record }: { record: { after: unknown } }): number =>
			(record.after as { version?: number } | null)?.version ?? 0;
		const seen = await feed().until(
			id,
			(changes) => changes.some((change) => versionOf(change) === last) && changes.length > last,
		);
		const once = [...new Map(seen.map((change) => [change.changeId, change])).values()];
		assert.equal(once.length, last + 1, "each change once, by its id");
		const versions = once.map(versionOf);
		assert.deepEqual(versions, versions.toSorted((a, b) => a - b)); // biome-ignore format: one line
	};

	it("is in /health with the state of each collection, and holds no secret of an account", async () => {
		const row = await tailed("users");
		assert.deepEqual([row?.ok, row?.service], [true, "cdc"]);
		const { id } = await signUp(souk().api, "buyer");
		const [made] = await feed().until(id, (changes) => changes.length > 0);
		assert.equal(made?.record.op, "c");
		assert.deepEqual(
			Object.keys(made?.record.after ?? {}).sort(),
			["_id", "createdAt", "email", "emailVerified", "name", "roles", "suspended", "updatedAt", "version"], // biome-ignore format: one line
		);
		assert.ok(!JSON.stringify(feed().all).includes("argon2"));
	});

	it("goes on within seconds when the node that follows is killed, with every change and in order", async () => {
		await tailed("orders");
		const ids = ["k1", "k2", "k3"];
		await feed().collection("orders").insertMany(ids.map((_id) => ({ _id, status: "placed" }))); // biome-ignore format: one line
		const stop = changeOn(ids);
		await feed().until("k1", (changes) => changes.length > 5);
		const before = await feed().position("orders");
		await nodeNamed(before?.by ?? "").process.kill("SIGKILL");
		await until("another to follow", () => feed().position("orders"), (now) => now?.by !== before?.by && now?.state === "tailing"); // biome-ignore format: one line
		const last = await stop();
		for (const id of ids) await assertWhole(id, last);
		assert.ok(last > 10);
		await nodeNamed(before?.by ?? "").process.restart();
	});

	it("is not set back by a node that stood still and wakes when another has taken over", async () => {
		await tailed("orders");
		await feed().collection("orders").insertOne({ _id: "s1", status: "placed" });
		const stop = changeOn(["s1"]);
		await feed().until("s1", (changes) => changes.length > 5);
		const before = await feed().position("orders");
		const sleeper = nodeNamed(before?.by ?? "").process;
		process.kill(sleeper.pid, "SIGSTOP");
		const after = await until("another to follow", () => feed().position("orders"), (now) => now?.by !== before?.by && now?.state === "tailing"); // biome-ignore format: one line
		process.kill(sleeper.pid, "SIGCONT");
		await until("the sleeper to see it", async () => sleeper.logs, (logs) => logs.includes("another node has taken over while this one stood still")); // biome-ignore format: one line
		await assertWhole("s1", await stop());
		const now = await feed().position("orders");
		assert.deepEqual([now?.by, now?.fence], [after?.by, after?.fence]);
	});

	it("gives its lease back when it is stopped, so that the other one need not wait for it", async () => {
		const { by = "" } = (await feed().position("orders")) ?? {};
		assert.deepEqual(await nodeNamed(by).process.kill("SIGTERM"), { code: 0, signal: null });
		const lease = await feed().collection("leases").findOne({ _id: "cdc.orders" });
		assert.ok(lease?.holder === "" || (await feed().position("orders"))?.by !== by);
		await feed().collection("orders").insertOne({ _id: "later", status: "placed" });
		await feed().until("later", (changes) => changes.length === 1);
	});
});
