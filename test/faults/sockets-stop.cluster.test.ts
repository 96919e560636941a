import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { login } from "../support/http.ts";
import { LiveCrowd } from "../support/live-crowd.ts";
import { assertOneHistory, type Follower, historyOf, RawFollower, Reader } from "../support/live-followers.ts";
import { type Someone, signUp } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { admin, type Cluster, type ClusterNode, startCluster } from "../support/souk.ts";
import { until } from "../support/until.ts";

const people = 20; // each has a conversation with the next one
const devices = 50; // with which each of the two follows it
const sockets = people * 2 * devices;

interface Pair {
	id: string;
	writer: Someone;
	reader: Someone;
}

describe("A node of chat that ends", function () {
	this.timeout(480_000);
	let cluster: Cluster;
	let crowd: LiveCrowd | undefined;
	const members: Someone[] = [];
	const pairs: Pair[] = [];
	const followers: Follower[] = [];

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "orders", "payment", "notification", "email"] },
				{ services: ["chat"] },
				{ services: ["chat"] },
			],
		});
		// A few at a time: passwords are hashed slowly on purpose.
		while (members.length < people) members.push(...(await Promise.all([1, 2, 3, 4].map(() => signUp(cluster.api, "buyer")))));
		for (const [index, writer] of members.entries()) {
			const reader = members[(index + 1) % people] as Someone;
			const { body } = await cluster.api.post("/v1/conversations", { memberIds: [reader.id] }, { token: writer.token });
			pairs.push({ id: body.streamId, writer, reader });
		}
	});
	afterEach(async () => {
		for (const follower of followers.splice(0)) follower.close();
		await crowd?.end();
		crowd = undefined;
	});
	after(async () => {
		await cluster?.stop();
	});

	const chat = (): [ClusterNode, ClusterNode] => cluster.withService("chat") as [ClusterNode, ClusterNode];

	/** How many entries each stream has by now. */
	const lengths = new Map<string, number>();
	/** By stream: where each message was acked. */
	const acked = new Map<string, Map<string, number>>();

	/** What was refused, or null. */
	const post = async ({ id, writer }: Pair, message: string): Promise<string | null> => {
		const path = `/v1/conversations/${id}/messages`;
		const answer = await cluster.api.post(path, { id: message, text: message }, { token: writer.token }).catch(String);
		if (typeof answer === "string") return answer;
		if (answer.status !== 201) return answer.text;
		const { seq } = answer.body as { seq: number };
		lengths.set(id, Math.max(lengths.get(id) ?? 0, seq));
		acked.set(id, (acked.get(id) ?? new Map<string, number>()).set(message, seq));
		return null;
	};
	/** Posts over HTTP to one stream after the other while something happens. What `again` says is sent again, under its id. */
	const whilePosting = async (to: readonly Pair[], again: (why: string) => boolean, happens: () => Promise<void>) => {
		let over = false;
		const writing = [1, 2, 3].map(async () => {
			for (let i = 0; !over; i += 1) {
				const message = randomUUID();
				const send = () => post(to[(i * 7) % to.length] as Pair, message);
				for (let why = await send(); why !== null && again(why); ) why = await send();
			}
		});
		await happens().finally(() => {
			over = true;
		});
		await Promise.all(writing);
	};
	const total = (): number => [...lengths.values()].reduce((sum, length) => sum + length, 0);
	const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

	it("after SIGTERM fails no request, and its 2,000 sockets are live elsewhere within 5 s, spread out, and miss nothing", async () => {
		const streamsOf = (who: Someone): string[] =>
			pairs.filter(({ writer, reader }) => who === writer || who === reader).flatMap(({ id }) => Array<string>(devices).fill(id));
		const urls = cluster.withService("gateway").map(({ process }) => process.url);
		crowd = new LiveCrowd({ urls, people: members.map((who) => ({ token: who.token, streams: streamsOf(who) })) });
		await crowd.live(sockets);
		const [first] = chat();
		const failed: string[] = [];
		const connections = crowd.connections;
		const times = { ended: 0, live: 0 };
		const refused = (why: string): boolean => {
			failed.push(why);
			return false;
		};
		await whilePosting(pairs, refused, async () => {
			assert.deepEqual(await first.process.kill("SIGTERM"), { code: 0, signal: null });
			times.ended = Date.now();
			await crowd?.live(sockets);
			times.live = Date.now();
		});
		assert.deepEqual(failed, []);
		assert.ok(times.live - times.ended < 5_000, `${times.live - times.ended} ms`);
		// Whoever follows a stream sees all of it.
		await crowd.seen(2 * devices * total());
		const report = await crowd.end();
		crowd = undefined;
		assert.equal(report.live, sockets);
		const moved = report.connections - connections;
		assert.ok(moved > sockets / 5 && moved < sockets, `${moved} moved`);
		// Told in batches, and each waits for a time of its own: no moment has most of them.
		const byMoment = Map.groupBy(report.back, (at) => Math.floor(at / 100));
		assert.ok(byMoment.size >= 5 && Math.max(...[...byMoment.values()].map(({ length }) => length)) < moved * 0.5, JSON.stringify([...byMoment].map(([at, { length }]) => [at, length]))); // biome-ignore format: one line
		for (const [name, seqs] of Object.entries(report.entries))
			assert.deepEqual(seqs, upTo(lengths.get(name.split(" ")[1] ?? "") ?? 0), name);
	});

	/** The node that has the connection of the pair's reader. */
	const serverOf = async ({ id, reader }: Pair): Promise<ClusterNode> => {
		const { token } = await login(cluster.api, admin.email, admin.password);
		const path = `/v1/admin/connections?user=${reader.id}&live=true`;
		const nodeOf = async (): Promise<string | undefined> => {
			const { items } = (await cluster.api.get(path, { token })).body as { items: { node: string; stream: string }[] };
			return items.find(({ stream }) => stream === id)?.node;
		};
		const node = await until("its connection", nodeOf, (found) => found !== undefined);
		return chat()[node === "chat-1" ? 0 : 1];
	};

	it("after kill -9 is replaced: its sockets are live again at the other node, with no gap and no repeat, and nothing that was acked is lost", async () => {
		for (const { process } of chat()) if (!process.running) await process.restart();
		const position = { after: 0 };
		for (const { id, writer, reader } of pairs) {
			followers.push(new Reader(id, { url: cluster.url, who: writer, position }));
			followers.push(new RawFollower(id, { url: cluster.url, who: reader, position }));
		}
		await Promise.all(followers.map((follower) => follower.live()));
		const victim = await serverOf(pairs[0] as Pair);
		await whilePosting(
			pairs,
			() => true,
			async () => {
				await victim.process.kill("SIGKILL");
				const before = total();
				await until("posts to go on", async () => total(), (now) => now > before + 3 * pairs.length, 60_000); // biome-ignore format: one line
			},
		);
		for (const [at, pair] of pairs.entries()) {
			const two = followers.slice(at * 2, at * 2 + 2) as [Follower, Follower];
			const log = await historyOf(cluster.api, pair.id, pair.writer.token);
			await Promise.all(two.map((follower) => follower.reach(log.length)));
			assertOneHistory(log, two, acked.get(pair.id));
			assert.deepEqual(
				[two[0].entries.length, two[1].entries.length, acked.get(pair.id)?.size ?? 0],
				[log.length, log.length, log.length],
			);
		}
		// It is still away.
		const again = followers.filter((follower) => follower instanceof RawFollower && follower.lives > 1).length;
		assert.ok(again > 0 && !victim.process.running, `${again} came again`);
	});
});
