import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Stream } from "../../client/index.ts";
import { assertOneHistory, clientOf, type Follower, historyOf, RawFollower, Reader } from "../support/live-followers.ts";
import { type ChatNode, type ClusterWorld, threeNodesWorld } from "../support/live-world.ts";
import { type Someone, signUp } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { type TcpGate, tcpGate } from "../support/tcp-gate.ts";
import { until } from "../support/until.ts";

// Two nodes believe that they own a stream. Each has followers and takes posts; there is one history all the same.

const stillMs = 30_000;

describe("Two owners of one stream", function () {
	this.timeout(120_000);
	let world: ClusterWorld;
	/** The way of each chat node to NATS. */
	let gates: TcpGate[] = [];
	let [ann, bob, cid]: Someone[] = [];
	const open: { close(): void }[] = [];

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		world = await threeNodesWorld(async ({ nats }) => {
			gates = await Promise.all([1, 2, 3].map(() => tcpGate(nats.port)));
			return gates.map(({ port }) => ({ TRANSPORTER: `nats://127.0.0.1:${port}` }));
		});
		[ann, bob, cid] = await Promise.all(["buyer", "seller", "buyer"].map((role) => signUp(world.api, role as "buyer")));
	});
	afterEach(() => {
		for (const one of open.splice(0)) one.close();
	});
	after(async () => {
		await world?.stop();
		await Promise.all(gates.map((gate) => gate.close()));
	});

	const keep = <T extends { close(): void }>(one: T): T => {
		open.push(one);
		return one;
	};

	const converse = async (title: string): Promise<string> => {
		const request = { memberIds: [ann?.id, cid?.id], title };
		const { status, body, text } = await world.api.post("/v1/conversations", request, { token: bob?.token ?? "" });
		assert.equal(status, 201, text);
		return body.streamId;
	};

	const follow = async (stream: string, urls: readonly string[]): Promise<Follower[]> => {
		const position = { after: 0 };
		const followers = urls.flatMap((url) => [
			keep(new Reader(stream, { url, who: ann as Someone, position })),
			keep(new RawFollower(stream, { url, who: cid as Someone, position })),
		]);
		await Promise.all(followers.map((follower) => follower.live()));
		return followers;
	};

	/** Posts without an end at one door, by a connection of its own. */
	class Pen {
		readonly acked = new Map<string, number>();
		#over = false;
		readonly #name: string;
		readonly #stream: Stream;
		readonly #writing: Promise<void>;

		constructor(stream: string, url: string) {
			this.#name = randomUUID();
			// Behind a door where nobody answers, posts are sent again.
			this.#stream = keep(clientOf({ url, who: bob as Someone }, { answerMs: 2_000 })).conversation(stream, { last: 0 });
			this.#writing = this.#write();
		}

		/** Resolves when so many more have been acked. */
		async takes(count: number): Promise<void> {
			const before = this.acked.size;
			await until(`${count} more posts to be acked`, async () => this.acked.size, (now) => now >= before + count, 60_000); // biome-ignore format: one line
		}

		end(): Promise<void> {
			this.#over = true;
			return this.#writing;
		}

		async #write(): Promise<void> {
			for (let count = 0; !this.#over; count += 1) {
				const id = `${this.#name}-${count}`;
				this.acked.set(id, (await this.#stream.post(id, id)).seq);
				await delay(20); // people are no faster, and the log stays short enough to be read
			}
		}
	}

	const assertHeld = async (stream: string, followers: readonly Follower[], pens: readonly Pen[]): Promise<void> => {
		await Promise.all(pens.map((pen) => pen.end()));
		const log = await historyOf(world.api, stream, ann?.token ?? "");
		await Promise.all(followers.map((follower) => follower.reach(log.length)));
		assertOneHistory(log, followers, new Map(pens.flatMap(({ acked }) => [...acked])));
	};

	/** An owner that nobody hears. Whether it is taken for dead shows when a call on its stream is answered all the same. */
	const postElsewhere = async (stream: string): Promise<number> => {
		const id = randomUUID();
		const say = { token: bob?.token ?? "", timeout: 2_000 };
		const answer = await until(
			"somebody else to take a post",
			() => world.api.post(`/v1/conversations/${stream}/messages`, { id, text: id }, say).catch(() => null),
			(seen) => seen?.status === 201,
			40_000,
		);
		return answer?.body.seq;
	};

	it("the first stood still for 30 s under load while another took its place, and then goes on", async () => {
		const stream = await converse("still");
		const { node, address } = world.ownerOf(stream);
		const followers = await follow(stream, world.doors);
		const pens = world.doors.map((url) => new Pen(stream, url));
		await Promise.all(pens.map((pen) => pen.takes(3)));
		process.kill(node.process.pid, "SIGSTOP");
		const since = performance.now();
		try {
			await postElsewhere(stream);
			const another = world.chat.find((chat) => chat.address !== address);
			const late = new Pen(stream, `http://${another?.address}`);
			pens.push(late);
			await late.takes(10);
			// Beyond every bound after which anybody could have been taken for dead.
			await until("30 s to be over", async () => performance.now() - since, (ms) => ms >= stillMs, 2 * stillMs); // biome-ignore format: one line
			await late.takes(10);
		} finally {
			process.kill(node.process.pid, "SIGCONT");
		}
		// Those who were connected to it have waited, and so have their posts.
		await Promise.all(pens.map((pen) => pen.takes(3)));
		await assertHeld(stream, followers, pens);
	});

	it("the first cannot be reached over NATS and goes on writing, beside the one that took its place", async () => {
		const stream = await converse("cut");
		const owner = world.ownerOf(stream);
		const gate = gates[world.chat.indexOf(owner)];
		const door = `http://${owner.address}`;
		const followers = await follow(stream, world.doors);
		const pens = world.doors.map((url) => new Pen(stream, url));
		// Of this one it hears nothing but what it looks for by itself.
		const silent = await quietStreamOf(owner);
		const watchers = await follow(silent, [door]);
		await Promise.all(pens.map((pen) => pen.takes(3)));
		gate?.cut();
		try {
			const seq = await postElsewhere(silent);
			const beside = [new Pen(stream, door), new Pen(stream, world.doors[0] ?? "")];
			pens.push(...beside);
			await Promise.all(beside.map((pen) => pen.takes(10)));
			// Still cut off.
			await Promise.all(watchers.map((watcher) => watcher.reach(seq)));
		} finally {
			gate?.open();
		}
		await Promise.all(pens.map((pen) => pen.takes(3)));
		await assertHeld(stream, followers, pens);
		await assertHeld(silent, watchers, []);
	});

	const quietStreamOf = async (owner: ChatNode): Promise<string> => {
		for (;;) {
			const stream = await converse("silent");
			if (world.ownerOf(stream) === owner) return stream;
		}
	};
});
