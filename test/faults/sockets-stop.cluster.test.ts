import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { LiveCrowd } from "../support/live-crowd.ts";
import { type Someone, signUp } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";

const people = 20;
const streamsEach = 50;
const sockets = 2_000; // two members follow each of the streams

describe("A node of chat that ends", function () {
	this.timeout(240_000);
	let cluster: Cluster;
	let crowd: LiveCrowd | undefined;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "orders", "payment", "notification", "email"] },
				{ services: ["chat"] },
				{ services: ["chat"] },
			],
		});
	});
	after(async () => {
		await crowd?.end();
		await cluster?.stop();
	});

	const members: Someone[] = [];
	const groups: { id: string; writer: Someone }[] = [];
	const failed: string[] = [];
	const posted = new Map<string, number>();

	/** Posts over HTTP until `enough`, and keeps what was not taken. */
	const post = async (enough: () => boolean): Promise<void> => {
		for (let i = 0; !enough(); i += 1) {
			const { id, writer } = groups[(i * 7) % groups.length] as (typeof groups)[number];
			const answer = await cluster.api.post(`/v1/conversations/${id}/messages`, { text: randomUUID() }, { token: writer.token });
			if (answer.status === 201) posted.set(id, Math.max(posted.get(id) ?? 0, answer.body.seq));
			else failed.push(`${answer.status} ${answer.text}`);
		}
	};

	it("after SIGTERM fails no request, and its 2,000 sockets are live elsewhere within 5 s, spread out", async () => {
		// A few at a time: passwords are hashed slowly on purpose.
		while (members.length < people) members.push(...(await Promise.all([1, 2, 3, 4].map(() => signUp(cluster.api, "buyer")))));
		for (const [index, writer] of members.entries()) {
			const other = members[(index + 1) % people] as Someone;
			const open = () => cluster.api.post("/v1/conversations", { memberIds: [other.id], title: "x" }, { token: writer.token });
			const made = Array.from({ length: streamsEach }, open);
			for (const { body } of await Promise.all(made)) groups.push({ id: body.streamId, writer });
		}
		const streamsOf = (who: Someone, index: number): string[] =>
			groups.filter(({ writer }) => writer === who || writer === members[(index - 1 + people) % people]).map(({ id }) => id);
		const urls = cluster.withService("gateway").map(({ process }) => process.url);
		crowd = new LiveCrowd({ urls, people: members.map((who, index) => ({ token: who.token, streams: streamsOf(who, index) })) });
		await crowd.live(sockets);
		const [first] = cluster.withService("chat");
		assert.ok(first);
		let over = false;
		const posting = [1, 2, 3].map(() => post(() => over));
		const connections = crowd.connections;
		const exit = await first.process.kill("SIGTERM");
		const endedAt = Date.now();
		assert.deepEqual(exit, { code: 0, signal: null });
		await crowd.live(sockets);
		const liveAt = Date.now();
		over = true;
		await Promise.all(posting);
		assert.deepEqual(failed, []);
		assert.ok(liveAt - endedAt < 5_000, `${liveAt - endedAt} ms`);
		const report = await crowd.end();
		crowd = undefined;
		const moved = report.connections - connections;
		assert.ok(moved > sockets / 5 && moved < sockets, `${moved} moved`);
		// Told in batches, and each waits for a time of its own: no moment has most of them.
		const byMoment = Map.groupBy(report.back, (at) => Math.floor(at / 100));
		assert.ok(byMoment.size >= 5 && Math.max(...[...byMoment.values()].map(({ length }) => length)) < moved * 0.5, JSON.stringify([...byMoment].map(([at, { length }]) => [at, length]))); // biome-ignore format: one line
		for (const [name, seqs] of Object.entries(report.entries)) {
			assert.deepEqual(seqs, Array.from({ length: seqs.length }, (_, i) => i + 1), name); // biome-ignore format: one line
			const last = posted.get(name.split(" ")[1] ?? "") ?? 0;
			assert.ok(seqs.length >= last || last - seqs.length < 2, `${name}: ${seqs.length} of ${last}`);
		}
	});
});
