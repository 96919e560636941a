import assert from "node:assert/strict";
import type { PresenceMessage } from "../../contracts/stream-messages.ts";
import { follow, StreamHouse, said } from "../support/stream-house.ts";

describe("presence", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	const states = (rows: unknown[]) => (rows as PresenceMessage[]).map(({ userId, state }) => `${userId} ${state}`);

	it("is online while any device is, away when all that are left are, and offline some time after the last has gone", async () => {
		const seen: string[] = [];
		const engine = house.engine({ observer: { presence: (_, { userId, state }) => seen.push(`${userId} ${state}`) } });
		const watcher = await follow(engine, "s", { userId: "ada" });
		const phone = await follow(engine, "s", { userId: "bob" });
		const laptop = await follow(engine, "s", { userId: "bob" });
		phone.handle?.setState("away");
		laptop.handle?.setState("away");
		phone.handle?.setState("online");
		phone.handle?.leave();
		laptop.handle?.leave();
		await house.timers.pass(9_000);
		const expected = ["bob online", "bob away", "bob online", "bob away"];
		assert.deepEqual(states(watcher.of("presence")), expected);
		await house.timers.pass(2_000);
		assert.deepEqual(states(watcher.of("presence")), [...expected, "bob offline"]);
		assert.deepEqual(seen, ["ada online", ...expected, "bob offline"]);
		await engine.stop();
	});

	it("says of who is offline when they were last here, also in `ready`, where the service knows of others", async () => {
		const other: PresenceMessage = { userId: "eve", state: "offline", lastSeen: "2025-12-24T00:00:00.000Z" };
		const outdated: PresenceMessage = { userId: "bob", state: "offline", lastSeen: "2025-12-24T00:00:00.000Z" };
		const greet = async () => ({ members: [], reads: {}, presence: [other, outdated] });
		const engine = house.engine({ greet });
		const ada = await follow(engine, "s", { userId: "ada" });
		const bob = await follow(engine, "s", { userId: "bob" });
		await house.timers.pass(5_000);
		const left = new Date(house.timers.now()).toISOString();
		bob.handle?.leave();
		await house.timers.pass(20_000);
		assert.equal((ada.of("presence").at(-1) as PresenceMessage).lastSeen, left);
		const late = await follow(engine, "s", { userId: "ada" });
		assert.deepEqual(late.ready.presence.slice(0, 2), [other, { userId: "bob", state: "offline", lastSeen: left }]);
		assert.deepEqual(states([...late.ready.presence]), ["eve offline", "bob offline", "ada online"]);
		assert.deepEqual(states(engine.presence("s")), ["ada online", "bob offline"]);
		assert.deepEqual(engine.presence("t"), []);
		await engine.stop();
	});

	it("does not flicker when somebody reconnects", async () => {
		const engine = house.engine();
		const ada = await follow(engine, "s", { userId: "ada" });
		(await follow(engine, "s", { userId: "bob" })).handle?.leave();
		await house.timers.pass(5_000);
		await follow(engine, "s", { userId: "bob" });
		await house.timers.pass(60_000);
		assert.deepEqual(states(ada.of("presence")), ["bob online"]);
		await engine.stop();
	});

	it("counts the grace from the last time that somebody left", async () => {
		const engine = house.engine();
		const ada = await follow(engine, "s", { userId: "ada" });
		(await follow(engine, "s", { userId: "bob" })).handle?.leave();
		await house.timers.pass(5_000);
		const again = await follow(engine, "s", { userId: "bob" });
		await house.timers.pass(3_000);
		again.handle?.leave();
		await house.timers.pass(9_000);
		assert.deepEqual(states(ada.of("presence")), ["bob online"]);
		await house.timers.pass(2_000);
		assert.deepEqual(states(ada.of("presence")), ["bob online", "bob offline"]);
		await engine.stop();
	});

	it("forgets those who left first when there are too many", async () => {
		const engine = house.engine({}, { presenceUsers: 3 });
		const ada = await follow(engine, "s", { userId: "ada" });
		for (const userId of ["u1", "u2", "u3", "u4"]) {
			house.members?.add(userId);
			(await follow(engine, "s", { userId })).handle?.leave();
			await house.timers.pass(11_000);
		}
		const late = await follow(engine, "s", { userId: "ada" });
		assert.deepEqual(states([...late.ready.presence]), ["ada online", "u3 offline", "u4 offline"]);
		assert.equal(ada.ended, null);
		await engine.stop();
	});
});

describe("what is told in passing", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("reaches whom it concerns, and never the log", async () => {
		const engine = house.engine();
		const ada = await follow(engine, "s", { userId: "ada" });
		const bob = await follow(engine, "s", { userId: "bob" });
		engine.typing("s", "ada");
		engine.receipt("s", { userId: "ada", seq: 1, kind: "read" });
		engine.counters("s", "bob", { unseen: 1, unread: 1, total: 1, version: 1 });
		const until = new Date(house.timers.now() + 5_000).toISOString();
		assert.deepEqual([ada.of("typing"), bob.of("typing")], [[], [{ userId: "ada", until }]]);
		assert.deepEqual([ada.of("receipt").length, bob.of("receipt").length], [1, 1]);
		assert.deepEqual([ada.of("counters").length, bob.of("counters").length], [0, 1]);
		assert.equal(await house.log.tail("s"), 0);
		engine.typing("nobody", "ada");
		assert.equal(engine.size, 1);
		await engine.stop();
	});

	it("says that somebody is writing a few times, not at every key", async () => {
		const engine = house.engine();
		const bob = await follow(engine, "s", { userId: "bob" });
		for (let i = 0; i < 50; i += 1) {
			engine.typing("s", "ada");
			await house.timers.pass(100);
		}
		assert.ok(bob.of("typing").length >= 2 && bob.of("typing").length <= 4, `${bob.of("typing").length} times`);
		await engine.stop();
	});

	it("is dropped for who is behind, or sent later in its newest version", async () => {
		const engine = house.engine({}, { sinkBytes: 500, heldMessages: 2 });
		const bob = await follow(engine, "s", { userId: "bob" });
		bob.slow = true;
		for (let i = 1; i <= 20; i += 1) await engine.post("s", said(`p${i}`));
		engine.typing("s", "ada");
		for (let seq = 1; seq <= 20; seq += 1) {
			engine.receipt("s", { userId: "old", seq, kind: "read" });
			engine.receipt("s", { userId: "ada", seq, kind: "read" });
			engine.counters("s", "bob", { unseen: seq, unread: seq, total: seq, version: seq });
		}
		assert.deepEqual([bob.of("typing"), bob.of("receipt")], [[], []]);
		bob.slow = false;
		bob.drain();
		await house.timers.settle(40);
		assert.equal(bob.seqs.length, 20);
		assert.deepEqual(bob.of("typing"), []);
		assert.deepEqual(bob.of("receipt"), [{ userId: "ada", seq: 20, kind: "read" }], "two are kept: the oldest had to go");
		assert.deepEqual(bob.of("counters"), [{ unseen: 20, unread: 20, total: 20, version: 20 }]);
		assert.equal(bob.frames.at(-1)?.event, "counters", "after the entries");
		await engine.stop();
	});

	it("waits as well for who is still being caught up, though the queue is empty", async () => {
		await house.write("s", "p1", "p2");
		const engine = house.engine();
		const bob = await follow(engine, "s", { userId: "bob", after: 0 });
		engine.typing("s", "ada");
		engine.receipt("s", { userId: "ada", seq: 1, kind: "read" });
		await house.timers.settle();
		assert.deepEqual(
			bob.frames.map(({ event }) => event),
			["ready", "entries", "receipt"],
		);
		await engine.stop();
	});

	it("waits in the same way for who has all entries and whose queue is full of other things", async () => {
		const engine = house.engine({}, { sinkBytes: 500 });
		const bob = await follow(engine, "s", { userId: "bob" });
		bob.slow = true;
		bob.queue(1_000);
		engine.receipt("s", { userId: "ada", seq: 1, kind: "read" });
		assert.deepEqual(bob.of("receipt"), []);
		bob.drain();
		assert.deepEqual(bob.of("receipt").length, 1);
		await engine.stop();
	});
});
