import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { assertOneHistory, clientOf, historyOf, RawFollower, Reader } from "../support/live-followers.ts";
import { type ClusterWorld, threeNodesWorld } from "../support/live-world.ts";
import { type Someone, signUp } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { type TcpGate, tcpGate } from "../support/tcp-gate.ts";
import { until } from "../support/until.ts";

// Two nodes believe that they own a stream. Each has followers and takes posts; there is one history all the same.

describe("Two owners of one stream", function () {
	this.timeout(120_000);
	let world: ClusterWorld;
	/** The way of each chat node to NATS. */
	let gates: TcpGate[] = [];
	let [ann, bob]: Someone[] = [];
	const open: { close(): void }[] = [];

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		world = await threeNodesWorld(async ({ nats }) => {
			gates = await Promise.all([1, 2, 3].map(() => tcpGate(nats.port)));
			return gates.map(({ port }) => ({ TRANSPORTER: `nats://127.0.0.1:${port}` }));
		});
		[ann, bob] = await Promise.all(["buyer", "seller"].map((role) => signUp(world.api, role as "buyer")));
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

	const converse = async (): Promise<string> => {
		const { status, body, text } = await world.api.post("/v1/conversations", { memberIds: [ann?.id], title: "two" }, { token: bob?.token ?? "" }); // biome-ignore format: one line
		assert.ok([200, 201].includes(status), text);
		return body.streamId;
	};

	/** Followers at every door, and posts at every door for as long as `trouble` lasts; then all must have come to one history. */
	const live = async (stream: string, trouble: (acked: ReadonlyMap<string, number>) => Promise<void>): Promise<void> => {
		const position = { after: 0 };
		const followers = world.doors.flatMap((url) => [
			keep(new Reader(stream, { url, who: ann as Someone, position })),
			keep(new RawFollower(stream, { url, who: bob as Someone, position })),
		]);
		await Promise.all(followers.map((follower) => follower.live()));
		const acked = new Map<string, number>();
		let over = false;
		// A door behind which nobody answers must not hold the test: its posts are sent again when the answer is late.
		const pens = world.doors.map((url) => keep(clientOf({ url, who: bob as Someone }, { answerMs: 2_000 })).conversation(stream, { last: 0 })); // biome-ignore format: one line
		const writing = pens.map(async (pen, door) => {
			for (let count = 0; !over; count += 1) {
				const id = `${door}-${count}`;
				acked.set(id, (await pen.post(id, id)).seq);
				await delay(20); // what an eager person would need, so that the log stays readable
			}
		});
		await trouble(acked).finally(() => {
			over = true;
		});
		await Promise.all(writing);
		const log = await historyOf(world.api, stream, ann?.token ?? "");
		await Promise.all(followers.map((follower) => follower.reach(log.length)));
		assertOneHistory(log, followers, acked);
	};

	const ackedAt = (acked: ReadonlyMap<string, number>, door: number): number =>
		[...acked.keys()].filter((id) => id.startsWith(`${door}-`)).length;

	/** Resolves when posts are taken at this door again, or still. */
	const takesPosts = async (acked: ReadonlyMap<string, number>, door: number): Promise<unknown> => {
		const before = ackedAt(acked, door);
		return until(`posts at door ${door}`, async () => ackedAt(acked, door), (count) => count >= before + 5, 60_000); // biome-ignore format: one line
	};

	it("one that stood still under load until the others took its stream over, and then goes on", async () => {
		const stream = await converse();
		const owner = world.ownerOf(stream);
		await live(stream, async (acked) => {
			await takesPosts(acked, 0);
			process.kill(owner.node.process.pid, "SIGSTOP");
			try {
				// The gateway's clients hear nothing from it any more; those at the doors of others are served there, once it is taken for dead.
				const other = world.chat.findIndex(({ address }) => address !== owner.address) + 1;
				await takesPosts(acked, other);
			} finally {
				process.kill(owner.node.process.pid, "SIGCONT");
			}
			for (const door of world.doors.keys()) await takesPosts(acked, door);
		});
	});

	it("one that NATS cannot be reached from, while it writes to the database like the node that took its place", async () => {
		const stream = await converse();
		const owner = world.ownerOf(stream);
		const at = world.chat.indexOf(owner);
		await live(stream, async (acked) => {
			await takesPosts(acked, 0);
			gates[at]?.cut();
			await until("the others to have taken the stream over", async () => world.cluster.api.get("/health/ready"), ({ status }) => status === 200); // biome-ignore format: one line
			await delay(6_000);
			for (const door of world.doors.keys()) await takesPosts(acked, door);
			gates[at]?.open();
			for (const door of world.doors.keys()) await takesPosts(acked, door);
		});
	});
});
