import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { SoukClient } from "../../client/index.ts";
import type { Entry } from "../../realtime/entry.ts";
import {
	assertOneHistory,
	clientOf,
	type Follower,
	historyOf,
	RawFollower,
	Reader,
	type Transport,
} from "../support/live-followers.ts";
import type { LiveWorld } from "../support/live-world.ts";
import { type Someone, signUp } from "../support/market.ts";
import { type Judge, type MessageGate, messageGate } from "../support/message-gate.ts";
import { until } from "../support/until.ts";

const transports: readonly Transport[] = ["websocket", "polling"];
const base = "/v1/conversations";

/** Whatever is cut, killed, or taken away: who comes back goes on after the last entry they saw. Wherever the streams live. */
/** @param missed entries that a reader comes back to: many times what is kept in memory */
export const liveResume = (world: () => LiveWorld, missed: number): void => {
	let [ann, bob, cid]: Someone[] = [];
	const open: Follower[] = [];
	const clients: SoukClient[] = [];
	const gates: MessageGate[] = [];

	before(async () => {
		[ann, bob, cid] = await Promise.all(["buyer", "seller", "buyer"].map((role) => signUp(world().api, role as "buyer")));
	});
	afterEach(async () => {
		for (const one of [...open.splice(0), ...clients.splice(0)]) one.close();
		await Promise.all(gates.splice(0).map((gate) => gate.close()));
	});

	const converse = async (): Promise<string> => {
		const memberIds = [bob?.id, cid?.id];
		const { status, body, text } = await world().api.post(base, { memberIds }, { token: ann?.token ?? "" });
		assert.equal(status, 201, text);
		return body.streamId;
	};
	const keep = <F extends Follower>(follower: F): F => {
		open.push(follower);
		return follower;
	};
	const gateTo = async (door = world().doors.at(-1)): Promise<MessageGate> => {
		const gate = await messageGate(door ?? "");
		gates.push(gate);
		return gate;
	};
	const logOf = (stream: string): Promise<Entry[]> => historyOf(world().api, stream, ann?.token ?? "");
	const addressOf = (who: Someone | undefined, url: string, transport: Transport = "websocket") => ({
		url,
		who: who as Someone,
		transport,
	});
	/** A stream of ann's that only posts. */
	const pen = (stream: string) => {
		const client = clientOf(addressOf(ann, world().doors[0] ?? ""));
		clients.push(client);
		return client.conversation(stream, { last: 0 });
	};
	/** At every door over every transport, through the SDK and without it. */
	const everywhere = (stream: string): Follower[] =>
		world().doors.flatMap((url, at) =>
			transports.flatMap((transport) => [
				keep(new Reader(stream, { ...addressOf(at % 2 ? bob : cid, url, transport), position: { after: 0 } })),
				keep(new RawFollower(stream, { ...addressOf(at % 2 ? cid : bob, url, transport), position: { after: 0 } })),
			]),
		);

	it("starts over where the database was restored from an older copy", async function () {
		this.timeout(180_000);
		const stream = await converse();
		const write = pen(stream);
		for (const text of ["one", "two", "three"]) await write.post(text);
		const counted = async () => (await world().api.get(`${base}/${stream}`, { token: bob?.token ?? "" })).body;
		await until("three to be counted", counted, ({ unread }) => unread === 3);
		const restore = await world().copyData();
		for (const text of ["four", "five"]) await write.post(text);
		const reader = keep(new Reader(stream, { ...addressOf(bob, world().doors[0] ?? ""), position: { after: 0 } }));
		await reader.reach(5);
		const known = reader.entries.at(-1);
		await restore();
		await reader.until("a reset", () => reader.resets === 1);
		await reader.reach(3);
		for (const text of ["another four", "another five", "another six"]) await write.post(text);
		// This one was away while the log grew past its position again.
		const position = { after: 5, lastId: known?.id ?? "" };
		const later = keep(new Reader(stream, { ...addressOf(bob, world().doors.at(-1) ?? ""), position }));
		await Promise.all([reader, later].map((follower) => follower.reach(6)));
		assert.deepEqual([later.resets, later.readies[0]?.reset], [1, true]);
		const log = await logOf(stream);
		assert.deepEqual(log.map(({ body }) => (body as { text: string }).text), ["one", "two", "three", "another four", "another five", "another six"]); // biome-ignore format: one line
		assertOneHistory(log, [reader, later]);
		const { lastSeq, unread } = await counted();
		assert.deepEqual([lastSeq, unread], [6, 6]);
	});

	/** Nothing of a connection that stands passes any more. `judge` decides about a new one. */
	const newOnly = (judge: Judge): Judge => {
		let fresh = false;
		return (way, text) => {
			// A polling client that had no request under way when it was cut would go on where it was.
			fresh ||= /^GET (?!.*[?&]sid=)/.test(text);
			return fresh ? judge(way, text) : "cut";
		};
	};

	/** Cuts the way of `follower`, and that of its next connection before the first message that is `it`. Answers whether there was one. */
	const cutBefore = async (
		follower: Follower,
		gate: MessageGate,
		post: () => Promise<number>,
		it: (text: string) => boolean,
	): Promise<boolean> => {
		let cut = false;
		gate.judge = newOnly((_way, text) => {
			if (cut || !it(text)) return "pass";
			cut = true;
			return "cut";
		});
		gate.cut();
		await follower.reach(await post());
		gate.judge = () => "pass";
		return cut;
	};

	/** Before the first message, then before the second, and so on until the follower gets through; answers how many there were. */
	const cutInTurn = async (follower: Follower, gate: MessageGate, post: () => Promise<number>): Promise<number> => {
		for (let count = 0; ; count += 1) {
			let left = count;
			if (!(await cutBefore(follower, gate, post, () => left-- === 0))) return count;
		}
	};

	for (const transport of transports) {
		it(`comes back from a cut before each message of the handshake in turn, over ${transport}`, async function () {
			this.timeout(180_000);
			const stream = await converse();
			const write = pen(stream);
			const position = { after: 0 };
			const [a, b] = [await gateTo(), await gateTo(world().doors[0])];
			const reader = keep(new Reader(stream, { ...addressOf(bob, a.url, transport), position }));
			const watcher = keep(new RawFollower(stream, { ...addressOf(cid, b.url, transport), position }));
			const post = async (): Promise<number> => (await write.post("meanwhile")).seq;
			const ways = [[reader, a], [watcher, b]] as const; // biome-ignore format: one line
			const counts = await Promise.all(ways.map(([follower, gate]) => cutInTurn(follower, gate, post)));
			// At least: what opens the connection, its answer, the namespace, its answer, and what follows it.
			assert.ok(Math.min(...counts) >= 5, `${counts}`);
			// By name, because not every message has the same place each time.
			for (const [follower, gate] of ways) {
				for (const event of ["ready", "entries"])
					assert.ok(await cutBefore(follower, gate, post, (text) => text.includes(`["${event}"`)), event);
			}
			const log = await logOf(stream);
			await Promise.all([reader, watcher].map((follower) => follower.reach(log.length)));
			assertOneHistory(log, [reader, watcher]);
		});
	}

	it("brings what was posted before the first entry was seen, though the connection is cut twice before one comes", async () => {
		const stream = await converse();
		const write = pen(stream);
		const gate = await gateTo();
		let cuts = 0;
		let away = false;
		// More than a first page would hold, and nobody comes back before all of it is there.
		const writeMany = async (name: string): Promise<void> => {
			await Promise.all(Array.from({ length: 60 }, (_, index) => write.post(`${name} ${index}`)));
			away = false;
		};
		gate.judge = (_way, text) => {
			if (away) return "cut";
			if (cuts === 2 || !text.includes('["entries"')) return "pass";
			cuts += 1;
			away = true;
			void writeMany(`cut ${cuts}`);
			return "cut";
		};
		// One that has nothing and asks for all, and one that came when there was nothing.
		const reader = keep(new Reader(stream, addressOf(bob, gate.url)));
		const watcher = keep(new RawFollower(stream, { ...addressOf(cid, (await gateTo()).url), position: { after: 0 } }));
		await Promise.all([reader.live(), watcher.live()]);
		await write.post("the first");
		await reader.until("two cuts", () => cuts === 2);
		await Promise.all([reader, watcher].map((follower) => follower.reach(121)));
		assert.deepEqual([cuts, reader.entries[0]?.seq], [2, 1]);
		assertOneHistory(await logOf(stream), [reader, watcher]);
	});

	it("brings one's own posts that were acked before any of them was seen", async () => {
		const stream = await converse();
		await pen(stream).post("the first");
		const gate = await gateTo();
		const reader = keep(new Reader(stream, { ...addressOf(bob, gate.url), position: { after: 0 } }));
		await reader.reach(1);
		gate.judge = (way, text) => (way === "down" && text.includes('["entries"') ? "lose" : "pass");
		const acked = new Map<string, number>();
		for (const id of ["m2", "m3", "m4"]) acked.set(id, (await reader.stream.post(id, id)).seq);
		assert.deepEqual([reader.seq, [...acked.values()]], [1, [2, 3, 4]]);
		gate.judge = () => "pass";
		gate.cut();
		await reader.reach(4);
		assertOneHistory(await logOf(stream), [reader], acked);
	});

	/** Posts without a pause while `trouble` lasts; answers what was acked. */
	const postingThrough = async (stream: string, trouble: () => Promise<void>): Promise<Map<string, number>> => {
		const acked = new Map<string, number>();
		const write = pen(stream);
		let over = false;
		const post = async (writer: number): Promise<void> => {
			for (let count = 0; !over; count += 1) {
				const id = `${writer}-${count}`;
				acked.set(id, (await write.post(id, id)).seq);
				await delay(20); // people are no faster, and a slow machine has its hands full with a start
			}
		};
		const writers = [1, 2, 3].map(post);
		await trouble().finally(() => {
			over = true;
		});
		await Promise.all(writers);
		return acked;
	};

	const through = async (stream: string, trouble: () => Promise<void>): Promise<void> => {
		const followers = everywhere(stream);
		await pen(stream).post("the first");
		await Promise.all(followers.map((follower) => follower.reach(1)));
		const acked = await postingThrough(stream, trouble);
		const last = await pen(stream).post("the last");
		await Promise.all(followers.map((follower) => follower.reach(last.seq)));
		assertOneHistory(await logOf(stream), followers, acked);
	};

	for (const [signal, what] of [
		["SIGKILL", "after kill -9 of the node that has the stream"],
		["SIGTERM", "after that node left and came back"],
	] as const) {
		it(`goes on ${what}, while everybody posts`, async function () {
			this.timeout(180_000);
			const stream = await converse();
			await through(stream, () => world().endOwner(stream, signal));
		});
	}

	it(`brings ${missed} entries that were missed, and then live ones`, async function () {
		this.timeout(300_000);
		const stream = await converse();
		const gate = await gateTo(world().doors[0]);
		const position = { after: 0 };
		const followers = [
			keep(new Reader(stream, { ...addressOf(bob, gate.url), position })),
			keep(new RawFollower(stream, { ...addressOf(cid, gate.url, "polling"), position })),
		];
		const write = pen(stream);
		await write.post("the first");
		await Promise.all(followers.map((follower) => follower.reach(1)));
		gate.judge = () => "cut";
		gate.cut();
		await world().writeUnseen(stream, ann?.id ?? "", missed);
		gate.judge = () => "pass";
		assert.equal((await write.post("live", "live")).seq, missed + 2);
		await Promise.all(followers.map((follower) => follower.reach(missed + 2)));
		assertOneHistory(await logOf(stream), followers);
	});
};
