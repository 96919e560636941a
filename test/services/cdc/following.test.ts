import assert from "node:assert/strict";
import type { GroupHealth } from "../../../mixins/durable-events/port.ts";
import { scrape } from "../../../mixins/metrics/metrics.ts";
import type { Position } from "../../../services/cdc/position.adapter.ts";
import { Brokers } from "../../support/brokers.ts";
import { type CdcWorld, cdcWorld, FeedWatch, startCdc } from "../../support/cdc-node.ts";
import { type MongoProxy, startMongoProxy } from "../../support/mongo-proxy.ts";
import { needs, type RunningServer, startMongod, startNats } from "../../support/servers.ts";
import { type TcpGate, tcpGate } from "../../support/tcp-gate.ts";
import { until } from "../../support/until.ts";

const refused = (code: number, codeName: string) => (): Record<string, unknown> => ({ ok: 0, code, codeName, errmsg: codeName });
const isTailing = ({ detail = "" }: GroupHealth): boolean => detail.startsWith("tailing");
const sweptFor = (words: string) => (row: GroupHealth) => isTailing(row) && (row.detail?.includes(words) ?? false);

describe("the change feed of a collection", function () {
	this.timeout(60_000);
	const brokers = new Brokers();
	let mongod: RunningServer;
	let nats: RunningServer;
	let proxy: MongoProxy | undefined;
	let gate: TcpGate | undefined;
	let world: CdcWorld;
	let watch: FeedWatch | undefined;

	before(async function () {
		needs(this, "nats", "mongod");
		[nats, mongod] = await Promise.all([startNats(), startMongod()]);
		[proxy, gate] = await Promise.all([startMongoProxy(mongod.port), tcpGate(nats.port)]);
		world = cdcWorld(nats.url, mongod.url);
		watch = await FeedWatch.open(world);
	});
	after(async () => {
		await brokers.stopAll();
		await watch?.close();
		await Promise.all([proxy?.close(), gate?.close()]);
	});

	/** Set by `before`, or all of this is skipped. */
	const feed = (): FeedWatch => watch as FeedWatch;
	const start = (collection: string) =>
		startCdc(brokers, world, [collection], {
			mongoUrl: proxy?.url ?? "",
			natsUrl: `nats://127.0.0.1:${gate?.port}`,
		});

	it("begins with what is there, then has each change of a document in its order, under an id of its own", async () => {
		const orders = feed().collection("orders");
		await orders.insertOne({ _id: "old", status: "paid" });
		await feed().make({ description: "an operator's", max_bytes: -1 });
		const node = await start("orders");
		const { description, max_age, max_bytes } = await feed().config();
		assert.deepEqual([description, max_age, max_bytes], ["an operator's", 3_600_000_000_000, 67_108_864]);
		await feed().begin();
		await node.until("orders", isTailing);
		await orders.insertOne({ _id: "a/b c", status: "placed" });
		await feed().until("a/b c", (changes) => changes.length === 1);
		for (let number = 1; number <= 20; number++) await orders.findOneAndUpdate({ _id: "a/b c" }, { $set: { number } });
		const seen = await feed().until("a/b c", (changes) => changes.length === 21);
		await orders.deleteOne({ _id: "a/b c" });
		await feed().until("a/b c", (changes) => changes.length === 22);

		const [first, ...updates] = seen;
		assert.deepEqual(
			[first?.record.op, first?.record.before, first?.record.after],
			["c", null, { _id: "a/b c", status: "placed" }],
		);
		const numbers = updates.map(({ record }) => (record.after as { number: number }).number);
		assert.deepEqual(
			numbers,
			numbers.toSorted((a, b) => a - b),
			"never back to an older state",
		);
		assert.equal(numbers.at(-1), 20);
		const last = feed().of("a/b c").at(-1);
		assert.deepEqual([last?.record.op, last?.record.after, last?.origin], ["d", null, "stream"]);
		const ids = feed()
			.of("a/b c")
			.map(({ changeId }) => changeId);
		assert.equal(new Set(ids).size, 22);
		assert.deepEqual(ids, ids.toSorted());
		assert.ok(Math.abs((first?.record.ts_ms ?? 0) - Date.now()) < 60_000);
		assert.deepEqual(
			feed()
				.of("old")
				.map(({ origin, record }) => [origin, record.op, record.after]),
			[["sweep", "u", { _id: "old", status: "paid" }]],
		);
		await node.stop();
	});

	it("publishes nothing twice to whoever reads the stream, where the same changes are read again", async () => {
		const positions = feed().collection("cdc_positions");
		const orders = feed().collection("orders");
		const before = await feed().position("orders");
		await orders.insertOne({ _id: "again", status: "placed" });
		const node = await start("orders");
		await feed().until("again", (changes) => changes.length === 1);
		await node.stop();
		assert.notDeepEqual((await feed().position("orders"))?.token, before?.token);
		await positions.updateOne({ _id: "orders" }, { $set: { token: before?.token } });
		const other = await start("orders");
		await orders.insertOne({ _id: "after again", status: "placed" });
		await feed().until("after again", (changes) => changes.length === 1);
		assert.equal(feed().of("again").length, 1);
		await other.stop();
	});

	it("moves its position only over what the bus has acknowledged, stopped before that or not", async () => {
		const node = await start("orders");
		await node.until("orders", isTailing);
		await feed().collection("orders").insertOne({ _id: "shown", status: "placed" });
		await feed().until("shown", (changes) => changes.length === 1);
		gate?.silence();
		await feed().collection("orders").insertOne({ _id: "unheard", status: "placed" });
		const { inFlight } = await node.until("orders", (row) => row.inFlight > 0);
		assert.equal(inFlight, 1);
		await node.stop();
		const { token } = (await feed().position("orders")) ?? {};
		assert.deepEqual(feed().of("unheard"), []);
		gate?.open();
		const next = await start("orders");
		await feed().until("unheard", (changes) => changes.length === 1);
		const moved = (at: Position | null): boolean => JSON.stringify(at?.token) !== JSON.stringify(token);
		await until("the position", () => feed().position("orders"), moved);
		gate?.cut();
		await feed().collection("orders").insertOne({ _id: "while it was away", status: "placed" });
		await next.until("orders", (row) => row.inFlight > 0);
		gate?.open();
		await feed().until("while it was away", (changes) => changes.length === 1);
		await next.stop();
		assert.equal(feed().of("shown").length, 1);
	});

	it("answers a lost place in the stream with a sweep of what changed since, and says so", async () => {
		const [long, now] = [new Date(Date.now() - 3_600_000).toISOString(), new Date().toISOString()];
		const orders = feed().collection("orders");
		await orders.insertMany([
			{ _id: "long ago", updatedAt: long },
			{ _id: "missed", updatedAt: now },
		]);
		const lost = proxy?.plan("aggregate", refused(286, "ChangeStreamHistoryLost"), 0, { collection: "orders" });
		const node = await start("orders");
		await lost;
		const row = await node.until("orders", sweptFor("the server does not know any more"));
		assert.ok(row.ok);
		const [missed] = await feed().until("missed", (changes) => changes.length > 0);
		assert.deepEqual([missed?.origin, missed?.record.op, missed?.record.before], ["sweep", "u", null]);
		assert.deepEqual(feed().of("long ago"), []);
		const warnings = node.warnings().join("\n");
		assert.match(warnings, /orders: the place to go on from is lost: .*ChangeStreamHistoryLost/);
		assert.match(warnings, /a sweep publishes what changed since .*, but not what was removed/);
		const metrics = await scrape();
		assert.match(metrics, /^cdc_sweeps_total\{collection="orders",reason="history_lost"\} 1$/m);
		assert.match(metrics, /^cdc_published_total\{collection="orders",op="d"\} 1$/m);
		assert.match(metrics, /^cdc_lag_seconds\{collection="orders"\} \d/m);
		await orders.insertOne({ _id: "after the sweep" });
		const [after] = await feed().until("after the sweep", (changes) => changes.length > 0);
		assert.equal(after?.origin, "stream");
		await node.stop();
	});

	it("says that its collection was dropped, reads it again and follows the one that takes its place", async () => {
		const products = feed().collection("products");
		await products.insertOne({ _id: "p1", name: "Satay", request: { key: "secret" } });
		const node = await start("products");
		await feed().until("p1", (changes) => changes.length > 0);
		await node.until("products", isTailing);
		await products.drop();
		await node.until("products", sweptFor("dropped or renamed"));
		assert.match(node.warnings().join("\n"), /products: the change stream ended with a (drop|invalidate)/);
		await products.insertOne({ _id: "p2", name: "Teh tarik" });
		const [p2] = await feed().until("p2", (changes) => changes.length > 0);
		assert.deepEqual([p2?.origin, p2?.record.after], ["stream", { _id: "p2", name: "Teh tarik" }]);
		await node.stop();
	});

	it("reads again and again where the server has no change streams, says so, and follows as soon as it has", async () => {
		const webhooks = feed().collection("webhooks");
		await webhooks.insertMany([
			{ _id: "w1", state: "stored" },
			{ _id: "w2", state: "stored" },
		]);
		let able = false;
		let asked = 0;
		const refuse = (): void => {
			asked += 1;
			if (!able) void proxy?.plan("aggregate", refused(40573, "Location40573"), 0, { collection: "webhooks", strike: refuse });
		};
		refuse();
		const node = await startCdc(brokers, world, ["webhooks"], { mongoUrl: proxy?.url ?? "", pollEvery: 50 });
		await feed().until("w1", (changes) => changes.length > 0);
		const row = await node.until("webhooks", ({ detail = "" }) => detail.startsWith("polling"));
		assert.equal(row.ok, false);
		assert.match(row.detail ?? "", /no change streams: what is removed is not seen/);
		await webhooks.updateOne({ _id: "w1" }, { $set: { state: "applied" } });
		const seen = await feed().until("w1", (changes) => changes.length > 1);
		assert.deepEqual(
			seen.map(({ origin, record }) => [origin, (record.after as { state: string }).state]),
			[
				["sweep", "stored"],
				["sweep", "applied"],
			],
		);
		assert.equal(feed().of("w2").length, 1, "what did not change is no news");
		assert.ok(asked > 2);
		assert.equal(node.warnings().filter((line) => line.includes("no change streams")).length, 1);
		able = true;
		await node.until("webhooks", isTailing);
		await webhooks.deleteOne({ _id: "w1" });
		const all = await feed().until("w1", (changes) => changes.some(({ record }) => record.op === "d"));
		assert.equal(all.at(-1)?.origin, "stream");
		await node.stop();
	});

	it("names what is too large for the bus, and goes on", async () => {
		const intake = feed().collection("users");
		const node = await start("users");
		await node.until("users", isTailing);
		await intake.insertOne({ _id: "large", name: "x".repeat(1_100_000), email: "large@people.example" });
		await intake.insertOne({ _id: "small", name: "Amir", passwordHash: "$argon2id$…", resets: [{ id: "r" }], keptSession: "s" });
		const [small] = await feed().until("small", (changes) => changes.length > 0);
		const [large] = feed().of("large");
		assert.deepEqual([large?.omitted, large?.record.op, large?.record.after], ["too-large", "c", null]);
		assert.deepEqual([small?.omitted, small?.record.after], ["", { _id: "small", name: "Amir" }]);
		await node.stop();
	});
});
