import assert from "node:assert/strict";
import { MongoClient } from "mongodb";
import { assertOneHistory, historyOf } from "../support/live-followers.ts";
import { Busy, longest, type Rolling, startRolling } from "../support/rolling.ts";
import { needs, needsOwn } from "../support/servers.ts";
import { until } from "../support/until.ts";

describe("A cluster whose nodes are replaced one by one by those of the next version", function () {
	this.timeout(240_000);
	let rolling: Rolling;
	let busy: Busy;

	before(async function () {
		needs(this, "nginx");
		needsOwn(this, "nats", "mongod", "redis");
		rolling = await startRolling(2);
		busy = new Busy(rolling.api);
		await busy.begin({ talks: 9, people: 6 });
	});
	after(async () => {
		busy?.close();
		await rolling?.stop();
	});

	it("fails no request and loses no message, whoever talks and orders meanwhile", async () => {
		for (const node of rolling.nodes) {
			const t = Date.now();
			await rolling.replace(node);
			console.log(node.name, t, Date.now() - t, longest(busy.posts.filter(({ at, ms }) => at + ms >= t)), longest(busy.seen.filter(({ at, ms }) => at + ms >= t)));
		}
		await busy.end();
		console.log(busy.requests, busy.posts.length, busy.orders.length);
		assert.deepEqual(busy.failed, []);
	});
});
