import assert from "node:assert/strict";
import { MongoClient } from "mongodb";
import { httpClient, login } from "../support/http.ts";
import { assertOneHistory, historyOf } from "../support/live-followers.ts";
import { Busy, type Rolling, startRolling } from "../support/rolling.ts";
import { needs, needsOwn } from "../support/servers.ts";
import { admin } from "../support/souk.ts";

describe("A cluster whose nodes are replaced one by one by those of the next version", function () {
	this.timeout(360_000);
	let rolling: Rolling;
	let busy: Busy;
	let mongo: MongoClient | undefined;

	before(async function () {
		needs(this, "nginx");
		needsOwn(this, "nats", "mongod", "redis");
		rolling = await startRolling(2);
		busy = new Busy(rolling.api);
		await busy.begin({ talks: 6, people: 4, pauseMs: 100 });
		const [front0, front1, back0, back1] = rolling.nodes as [RollingNode, RollingNode, RollingNode, RollingNode];
		// Old beside new on both sides of a call, in either direction.
		for (const node of [front0, back0, back1, front1]) await rolling.replace(node);
		await busy.end();
		mongo = await new MongoClient(rolling.cluster.mongod.url).connect();
	});
	after(async () => {
		busy?.close();
		await mongo?.close();
		await rolling?.stop();
	});

	type RollingNode = Rolling["nodes"][number];

	it("fails no request, and all of it is the next version in the end", async () => {
		assert.deepEqual(busy.failed, []);
		assert.ok(busy.requests > 100 && busy.orders.length > 20, `${busy.requests} requests, ${busy.orders.length} orders`);
		for (const { process, services } of rolling.nodes) {
			if (!services.includes("gateway")) continue;
			const { body } = await httpClient(process.url).get("/health");
			assert.equal(body.version, "0.2.0-next");
		}
	});

	it("loses no message, shows none twice, and has them in one order for everybody", async () => {
		for (const { id, writer, followers, acked } of busy.talks) {
			const log = await historyOf(rolling.api, id, writer.token);
			await Promise.all(followers.map((follower) => follower.reach(log.length)));
			assertOneHistory(log, followers, acked);
			assert.equal(log.length, acked.size);
		}
		// Of each conversation, some were told to move.
		assert.ok(
			busy.talks.some(({ followers }) =>
				followers.some((follower) => "readies" in follower && (follower.readies as object[]).length > 1),
			),
		);
	});

	it("charges each order once, and leaves nothing undone", async () => {
		for (const { id } of busy.orders) await busy.market.until(id, "paid");
		const payments = await mongo?.db("souk").collection("payments").find().toArray();
		const charged = (payments ?? []).filter(({ status }) => status === "captured").map(({ orderId }) => String(orderId));
		assert.deepEqual(charged.sort(), busy.orders.map(({ id }) => id).sort()); // biome-ignore format: one line
		const { token } = await login(rolling.api, admin.email, admin.password);
		const letters = await rolling.api.get("/v1/admin/dead-letters", { token });
		assert.deepEqual([letters.status, letters.body.items], [200, []], letters.text);
	});

	it("keeps what a version wrote that another knows nothing of", async () => {
		const orders = await mongo?.db("souk").collection("orders").find({ addedLater: { $exists: true } }).toArray(); // biome-ignore format: one line
		assert.ok((orders ?? []).length > 0);
		for (const { addedLater, status } of orders ?? [])
			assert.deepEqual([addedLater, status], [{ since: "0.2.0", known: false }, "paid"]);
	});
});
