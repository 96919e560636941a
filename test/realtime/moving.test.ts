import assert from "node:assert/strict";
import { follow, StreamHouse, said, steered } from "../support/stream-house.ts";

const code = (expected: string) => (error: Error & { code?: string }) => error.code === expected;
const held = () => {
	const { promise, resolve } = Promise.withResolvers<void>();
	return { steer: (call: () => Promise<unknown>) => promise.then(call), release: resolve };
};

describe("a stream that moves", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("writes what it has taken in, says `moved` once, and unloads", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		const write = held();
		log.next.set("append", [write.steer]);
		const posts = [engine.post("s", said("a"))];
		await house.timers.settle();
		posts.push(engine.post("s", said("b")));
		const released = engine.release("s");
		await house.timers.settle();
		assert.deepEqual(sink.of("moved"), []);
		write.release();
		await released;
		assert.deepEqual(
			(await Promise.all(posts)).map(({ seq }) => seq),
			[1, 2],
		);
		assert.deepEqual(
			sink.frames.map(({ event }) => event),
			["ready", "entries", "entries", "moved"],
		);
		assert.equal(sink.ended, "moved");
		assert.deepEqual([engine.size, engine.followers], [0, 0]);
		await engine.stop();
	});

	it("keeps posts and followers waiting who come meanwhile, and serves them anew", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		await engine.post("s", said("a"));
		const write = held();
		log.next.set("append", [write.steer]);
		const posts = [engine.post("s", said("b"))];
		await house.timers.settle();
		const released = engine.release("s");
		posts.push(engine.post("s", said("c")));
		const following = follow(engine, "s", { after: 0 });
		write.release();
		await released;
		assert.deepEqual(
			(await Promise.all(posts)).map(({ seq }) => seq),
			[2, 3],
		);
		const sink = await following;
		await house.timers.settle();
		assert.deepEqual(sink.seqs, [1, 2, 3]);
		assert.equal(sink.ended, null);
		assert.equal(engine.metrics.activations, 2);
		await engine.stop();
	});

	it("does not wait for ever for a log that does not answer; its posts are refused and can be sent again", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		const write = held();
		log.next.set("append", [write.steer]);
		const refused = assert.rejects(engine.post("s", said("a")), code("UNAVAILABLE"));
		await house.timers.settle();
		const released = engine.release("s");
		await house.timers.pass(5_000);
		await released;
		await refused;
		assert.equal(sink.ended, "moved");
		write.release();
		await house.timers.settle();
		assert.deepEqual(await engine.post("s", said("a")).then(({ seq, repeated }) => [seq, repeated]), [1, true]);
		await engine.stop();
	});

	it("takes a follower along who was just coming in", async () => {
		const greeting = Promise.withResolvers<void>();
		let asked = 0;
		const greet = async () => {
			asked += 1;
			if (asked === 1) await greeting.promise;
			return { members: [], reads: {} };
		};
		const engine = house.engine({ greet });
		const following = follow(engine, "s");
		await house.timers.settle();
		await engine.release("s");
		greeting.resolve();
		const sink = await following;
		assert.equal(asked, 2);
		await engine.post("s", said("a"));
		assert.deepEqual(sink.seqs, [1]);
		await engine.stop();
	});

	it("stays if it comes back before it has gone", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		const write = held();
		log.next.set("append", [write.steer]);
		const post = engine.post("s", said("a"));
		await house.timers.settle();
		house.foreign.add("s");
		const rechecked = engine.recheck();
		const waiting = engine.post("s", said("b"));
		house.foreign.delete("s");
		write.release();
		await rechecked;
		assert.deepEqual([(await post).seq, (await waiting).seq], [1, 2]);
		assert.deepEqual(sink.of("moved"), []);
		assert.deepEqual(sink.seqs, [1, 2]);
		await house.write("s", "theirs");
		await house.timers.pass(7_000);
		assert.deepEqual(sink.seqs, [1, 2, 3], "its backstop goes on");
		house.foreign.add("s");
		await engine.recheck();
		assert.equal(sink.ended, "moved", "the next time it goes");
		await engine.stop();
	});
});

describe("a stream that moves while something else happens", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("moves although it came back, if it was told to whatever the ring says", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		const write = held();
		log.next.set("append", [write.steer]);
		const post = engine.post("s", said("a"));
		await house.timers.settle();
		house.foreign.add("s");
		const both = [engine.recheck(), engine.release("s")];
		house.foreign.delete("s");
		write.release();
		await Promise.all(both);
		assert.equal((await post).seq, 1);
		assert.equal(sink.ended, "moved");
		await engine.stop();
	});

	it("has ended, and not moved, if its last write failed in a way that no rule covers", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		const write = held();
		const surprise = () => Promise.reject(new TypeError("surprise"));
		log.next.set("append", [() => write.steer(surprise)]);
		const refused = assert.rejects(engine.post("s", said("a")), code("UNAVAILABLE"));
		await house.timers.settle();
		const released = engine.release("s");
		write.release();
		await Promise.all([released, refused]);
		assert.equal(sink.ended, "problem");
		assert.deepEqual([engine.metrics.moved, engine.size], [0, 0]);
		await engine.stop();
	});

	it("serves whom it was loaded for although it has to go the moment it is there, or a little later", async () => {
		for (let later = 0; later < 20; later += 1) {
			const released: Promise<void>[] = [];
			const activated = async (stream: string) => {
				if (released.length > 0) return;
				for (let i = 0; i < later; i += 1) await null;
				released.push(engine.release(stream));
			};
			const engine = house.engine({ observer: { activated: (stream) => void activated(stream) } });
			const stream = `s${later}`;
			const posted = await engine.post(stream, said("a"));
			assert.equal(posted.seq, 1);
			const sink = await follow(engine, stream, { after: 0 });
			await Promise.all(released);
			await house.timers.settle();
			assert.deepEqual(sink.seqs, [1]);
			await engine.stop();
		}
	});
});

describe("when the ring changes", () => {
	it("only streams that are no longer ours move", async () => {
		const house = new StreamHouse();
		const engine = house.engine();
		const [a, b] = [await follow(engine, "a"), await follow(engine, "b")];
		house.foreign.add("a");
		await engine.recheck();
		assert.deepEqual([a.ended, b.ended], ["moved", null]);
		assert.equal(engine.metrics.moved, 1);
		await engine.stop();
		house.log.close();
	});
});

describe("a node that stops", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("hands its streams over in batches with a pause, takes no followers, and still takes posts", async () => {
		const engine = house.engine({}, { moveBatch: 4, movePauseMs: 1_000 });
		const sinks = await Promise.all(Array.from({ length: 10 }, (_, index) => follow(engine, `s${index}`)));
		const drained = engine.drain();
		const gone = () => sinks.filter(({ ended }) => ended === "moved").length;
		await house.timers.settle();
		assert.equal(gone(), 4);
		await assert.rejects(follow(engine, "s0"), code("UNAVAILABLE"));
		assert.equal((await engine.post("s0", said("late"))).seq, 1);
		await house.timers.pass(1_000);
		assert.equal(gone(), 8);
		await house.timers.pass(1_000);
		await drained;
		assert.equal(gone(), 10);
		await engine.stop();
	});

	it("is done with it in four batches, however many streams it has", async () => {
		const engine = house.engine({}, { moveBatch: 2, movePauseMs: 200 });
		const sinks = await Promise.all(Array.from({ length: 30 }, (_, index) => follow(engine, `s${index}`)));
		const drained = engine.drain();
		// A follower that has not been told waits, and then for up to a second more by itself.
		await house.timers.pass(3 * 200);
		await drained;
		assert.ok(sinks.every(({ ended }) => ended === "moved"));
		await engine.stop();
	});

	it("hands over those as well who were on their way in when it began", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log }, { moveBatch: 1, movePauseMs: 1_000 });
		const before = [await follow(engine, "s1"), await follow(engine, "s2")];
		const load = held();
		log.next.set("tail", [load.steer]);
		const following = follow(engine, "s3");
		const drained = engine.drain();
		await house.timers.settle();
		load.release();
		const late = await following;
		await house.timers.pass(10_000);
		await drained;
		assert.deepEqual(
			[...before, late].map(({ ended }) => ended),
			["moved", "moved", "moved"],
		);
		await engine.stop();
	});

	it("leaves no timer behind, writes what it has, and refuses from then on", async () => {
		const engine = house.engine();
		const sink = await follow(engine, "s");
		(await follow(engine, "t")).handle?.leave();
		const post = engine.post("s", said("a"));
		await engine.stop();
		assert.equal((await post).seq, 1);
		assert.equal(sink.ended, "moved");
		assert.equal(house.timers.pending, 0);
		await assert.rejects(engine.post("s", said("b")), code("UNAVAILABLE"));
		await assert.rejects(follow(engine, "s"), code("UNAVAILABLE"));
	});

	it("does not begin what it was loading", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const load = held();
		log.next.set("tail", [load.steer]);
		const refused = assert.rejects(engine.post("s", said("a")), code("UNAVAILABLE"));
		await engine.stop();
		load.release();
		await refused;
		assert.deepEqual([engine.size, house.timers.pending], [0, 0]);
	});
});

describe("a stream that nobody needs", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("is unloaded after a while, and no timer is left", async () => {
		const engine = house.engine();
		await engine.post("s", said("a"));
		await house.timers.pass(59_000);
		assert.equal(engine.size, 1);
		await house.timers.pass(60_000);
		assert.equal(engine.size, 0);
		assert.equal(house.timers.pending, 0);
		assert.equal((await engine.post("s", said("b"))).seq, 2);
		await engine.stop();
	});

	it("stays while somebody follows, a write is under way, or somebody is coming in", async () => {
		const log = steered(house.log);
		const greeting = Promise.withResolvers<void>();
		const greet = async (stream: string) => {
			if (stream === "coming") await greeting.promise;
			return { members: [], reads: {} };
		};
		const engine = house.engine({ log, greet }, { answerMs: 10_000_000 });
		await follow(engine, "followed");
		const write = held();
		log.next.set("append", [write.steer]);
		const post = engine.post("written", said("a"));
		const coming = follow(engine, "coming");
		await house.timers.pass(600_000);
		assert.equal(engine.size, 3);
		write.release();
		greeting.resolve();
		await post;
		(await coming).handle?.leave();
		await house.timers.pass(120_000);
		assert.equal(engine.size, 1);
		await engine.stop();
	});

	it("loses no post that comes at the very moment", async () => {
		const engine = house.engine();
		for (let i = 0; i < 20; i += 1) {
			await engine.post("s", said(`before${i}`));
			await house.timers.settle(2);
			const due = house.timers.next() ?? 0;
			// The sweep and the post in one tick, in both orders.
			if (i % 2 === 0) house.timers.fire(due + 60_000);
			const post = engine.post("s", said(`at${i}`));
			if (i % 2 === 1) house.timers.fire(due + 60_000);
			assert.equal((await post).seq, 2 * i + 2);
		}
		assert.ok(engine.metrics.unloads >= 10);
		await engine.stop();
	});
});
