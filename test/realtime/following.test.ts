import assert from "node:assert/strict";
import { DomainError } from "../../contracts/errors.ts";
import { LogUnavailable } from "../../realtime/log.ts";
import { RecordingSink } from "../support/recording-sink.ts";
import { follow, StreamHouse, said, steered } from "../support/stream-house.ts";

const ids = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => `p${from + index}`);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const code = (expected: string) => (error: Error & { code?: string }) => error.code === expected;

describe("a follower of a stream", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("is told `ready` first, with what the service knows, and then the newest fifty", async () => {
		await house.write("s", ...ids(120));
		const counters = { unseen: 1, unread: 2, total: 3, version: 4 };
		const greet = async () => ({ members: [{ id: "bob", name: "Bob" }], reads: { bob: 7 }, counters });
		const engine = house.engine({ greet });
		const sink = await follow(engine, "s");
		await house.timers.settle();
		assert.equal(sink.frames[0]?.event, "ready");
		const lastSeen = new Date(house.timers.now()).toISOString();
		const presence = [{ userId: "bob", state: "online", lastSeen }];
		const expected = {
			stream: "s",
			seq: 120,
			reset: false,
			members: [{ id: "bob", name: "Bob" }],
			presence,
			reads: { bob: 7 },
			counters,
		};
		assert.deepEqual(sink.ready, expected);
		assert.deepEqual(sink.seqs, range(71, 120));
		await engine.stop();
	});

	it("gets as many of the newest as it asks for, but no more than two hundred", async () => {
		await house.write("s", ...ids(300));
		const engine = house.engine();
		for (const [last, first] of [
			[0, 301],
			[3, 298],
			[1_000, 101],
		] as const) {
			const sink = await follow(engine, "s", { last });
			await house.timers.settle(40);
			assert.deepEqual(sink.seqs, range(first, 300));
		}
		await engine.stop();
	});

	it("gets everything after its position and then live entries, without a gap or a repeat", async () => {
		await house.write("s", ...ids(450));
		const engine = house.engine();
		const sink = await follow(engine, "s", { after: 3, lastId: "p3" });
		for (const id of ids(100, 451)) await engine.post("s", said(id));
		await house.timers.settle(60);
		assert.deepEqual(sink.seqs, range(4, 550));
		assert.equal(sink.ready.reset, false);
		await engine.stop();
	});

	it("that has nothing yet gets everything, and one that has everything gets what is new alone", async () => {
		await house.write("s", ...ids(5));
		const engine = house.engine();
		const nothing = await follow(engine, "s", { after: 0 });
		const everything = await follow(engine, "s", { after: 5, lastId: "p5" });
		await engine.post("s", said("new"));
		await house.timers.settle();
		assert.deepEqual(nothing.seqs, range(1, 6));
		assert.deepEqual(everything.seqs, [6]);
		await engine.stop();
	});

	it("whose position is beyond the log starts over", async () => {
		await house.write("s", ...ids(3));
		const engine = house.engine();
		const sink = await follow(engine, "s", { after: 4 });
		await house.timers.settle();
		assert.equal(sink.ready.reset, true);
		assert.deepEqual(sink.seqs, [1, 2, 3]);
		await engine.stop();
	});

	it("whose entry is not the one the log has there starts over, from memory or from the log", async () => {
		await house.write("s", ...ids(3));
		for (const warm of [false, true]) {
			const engine = house.engine();
			if (warm) await follow(engine, "s", { after: 0 });
			if (warm) await engine.post("s", said("warm"));
			const sink = await follow(engine, "s", { after: 2, lastId: "other" });
			await house.timers.settle();
			assert.equal(sink.ready.reset, true);
			assert.equal(sink.seqs[0], 1);
			await engine.stop();
		}
	});

	it("starts over when the database was restored from an older copy", async () => {
		await house.write("s", ...ids(5));
		house.log.truncate("s", 3);
		await house.write("s", "other4", "other5", "other6");
		const engine = house.engine();
		const sink = await follow(engine, "s", { after: 5, lastId: "p5" });
		await house.timers.settle();
		assert.equal(sink.ready.reset, true);
		assert.deepEqual(
			sink.entries.map(({ id }) => id),
			["p1", "p2", "p3", "other4", "other5", "other6"],
		);
		await engine.stop();
	});

	it("who comes from another owner with a position beyond what this one knows does not start over", async () => {
		const engine = house.engine();
		const here = await follow(engine, "s", { after: 0 });
		await house.write("s", ...ids(3));
		const sink = await follow(engine, "s", { after: 2, lastId: "p2" });
		await house.timers.settle();
		assert.equal(sink.ready.reset, false);
		assert.deepEqual(sink.seqs, [3]);
		assert.deepEqual(here.seqs, [1, 2, 3]);
		await engine.stop();
	});

	it("who comes to a stream that nobody followed for a while sees what another owner wrote meanwhile, at once", async () => {
		const engine = house.engine();
		await engine.post("s", said("mine"));
		await house.write("s", "theirs");
		await house.timers.pass(6_000);
		assert.equal(engine.size, 1, "it is still active");
		const sink = await follow(engine, "s");
		await house.timers.settle();
		assert.equal(sink.ready.seq, 2);
		assert.deepEqual(sink.seqs, [1, 2]);
		await engine.stop();
	});

	it("who comes with a thousand others to such a stream shares that look with them", async () => {
		const engine = house.engine();
		await engine.post("s", said("mine"));
		await house.write("s", "theirs");
		await house.timers.pass(6_000);
		const reads = house.log.calls.after ?? 0;
		const sinks = await Promise.all(Array.from({ length: 1_000 }, () => follow(engine, "s", { after: 2 })));
		assert.equal((house.log.calls.after ?? 0) - reads, 1);
		assert.ok(sinks.every(({ ready }) => ready.seq === 2 && !ready.reset));
		await engine.stop();
	});

	it("who comes to a stream that was written to a moment ago costs no read", async () => {
		const engine = house.engine();
		await engine.post("s", said("before"));
		await house.timers.pass(6_000);
		await engine.post("s", said("p1"));
		const calls = { ...house.log.calls };
		const sink = await follow(engine, "s", { after: 0 });
		await house.timers.settle();
		assert.deepEqual(sink.seqs, [1, 2]);
		assert.deepEqual(house.log.calls, calls);
		await engine.stop();
	});

	it("who comes during a commit sees its entries once", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		await engine.post("s", said("a"));
		for (const before of [true, false]) {
			const written = Promise.withResolvers<void>();
			// The write has happened, or not, when the follower comes; its answer comes later.
			log.next.set("append", [
				async (call) => {
					const answer = before ? await call() : null;
					await written.promise;
					return answer ?? call();
				},
			]);
			const tail = await house.log.tail("s");
			const post = engine.post("s", said(`during ${before}`));
			await house.timers.settle();
			const sink = await follow(engine, "s", { after: 0 });
			await house.timers.settle();
			assert.deepEqual(sink.seqs, range(1, tail));
			written.resolve();
			await post;
			assert.deepEqual(sink.seqs, range(1, tail + 1));
		}
		await engine.stop();
	});

	it("can be cut and come back at every entry", async () => {
		const engine = house.engine({}, { recentEntries: 4, pageEntries: 3 });
		for (const id of ids(12)) await engine.post("s", said(id));
		for (const cut of range(0, 12)) {
			const sink = await follow(engine, "s", { after: cut, ...(cut > 0 ? { lastId: `p${cut}` } : {}) });
			await house.timers.settle(40);
			assert.deepEqual(sink.seqs, range(cut + 1, 12));
			sink.handle?.leave();
		}
		assert.equal(engine.followers, 0);
		await engine.stop();
	});

	it("is refused with what the service says, or UNAVAILABLE, and leaves nothing behind", async () => {
		const log = steered(house.log);
		const refusing = house.engine({ greet: () => Promise.reject(new DomainError("NOT_FOUND")) });
		await assert.rejects(follow(refusing, "s"), code("NOT_FOUND"));
		const engine = house.engine({ log });
		const refuse = async (): Promise<never> => {
			throw new LogUnavailable("refused");
		};
		await house.write("s", "p1");
		log.next.set("at", [refuse]);
		await assert.rejects(follow(engine, "s", { after: 1, lastId: "p1" }), code("UNAVAILABLE"));
		const broken = new RecordingSink();
		broken.broken = true;
		await assert.rejects(follow(engine, "s", { sink: broken }), /broken/);
		assert.equal(engine.followers, 0);
		await house.timers.pass(11_000);
		const eve = await follow(engine, "s", { userId: "eve" });
		assert.deepEqual(
			eve.ready.presence.map(({ userId, state }) => `${userId} ${state}`),
			["bob offline", "eve online"],
		);
		await Promise.all([engine.stop(), refusing.stop()]);
	});

	it("whose connection throws is let go, and the others miss nothing", async () => {
		const engine = house.engine();
		const [a, b, c] = [await follow(engine, "s"), await follow(engine, "s"), await follow(engine, "s")];
		b.broken = true;
		await engine.post("s", said("p1"));
		await engine.post("s", said("p2"));
		assert.equal(engine.followers, 2);
		for (const sink of [a, c]) assert.deepEqual(sink.seqs, [1, 2]);
		assert.equal(house.reports.length, 1);
		await engine.stop();
	});

	it("whose connection throws during its catch-up, or at its end, is let go as well", async () => {
		await house.write("s", "p1", "p2");
		const engine = house.engine();
		const behind = await follow(engine, "s", { after: 0 });
		behind.broken = true;
		await house.timers.settle();
		assert.equal(engine.followers, 0);
		const [last, other] = [await follow(engine, "s"), await follow(engine, "s")];
		last.broken = true;
		await engine.release("s");
		assert.equal(other.ended, "moved");
		assert.deepEqual(
			house.reports.map(({ what }) => what),
			["a follower's sink", "the end of a follower"],
		);
		await engine.stop();
	});

	it("gets the same frame as all the others: one encoding for many", async () => {
		const engine = house.engine();
		const sinks = await Promise.all(Array.from({ length: 100 }, () => follow(engine, "s")));
		const before = house.encoder.encoded;
		await engine.post("s", said("p1"));
		assert.equal(house.encoder.encoded - before, 1);
		assert.equal(new Set(sinks.map(({ frames }) => frames.at(-1))).size, 1);
		assert.equal(engine.metrics.deliveries, 100);
		await engine.stop();
	});
});

describe("those who were cut off together", () => {
	it("share the read and the encoding of each page", async () => {
		const house = new StreamHouse();
		await house.write("s", ...ids(200));
		const engine = house.engine({}, { pageEntries: 100 });
		const sinks = await Promise.all(Array.from({ length: 50 }, () => follow(engine, "s", { after: 0 })));
		await house.timers.settle(60);
		for (const sink of sinks) assert.deepEqual(sink.seqs, range(1, 200));
		assert.ok((house.log.calls.after ?? 0) < 40, `${house.log.calls.after} reads`);
		assert.ok(house.encoder.encoded < 50 + 10, `${house.encoder.encoded} encodings, one of them a \`ready\` each`);
		await engine.stop();
		house.log.close();
	});
});

describe("history", () => {
	it("is read both ways, from memory where it is there and else from the log, and never goes past the ends", async () => {
		const house = new StreamHouse();
		await house.write("s", ...ids(10));
		const engine = house.engine({}, { recentEntries: 4 });
		const seqs = async (at: { before?: number; after?: number; limit?: number }) =>
			(await engine.history("s", at)).map(({ seq }) => seq);
		for (const active of [false, true]) {
			if (active) for (const id of ids(5, 11)) await engine.post("s", said(id));
			const tail = active ? 15 : 10;
			assert.deepEqual(await seqs({ limit: 3 }), range(tail - 2, tail));
			assert.deepEqual(await seqs({ before: 1_000, limit: 3 }), range(tail - 2, tail));
			assert.deepEqual(await seqs({ before: 5, limit: 3 }), [2, 3, 4]);
			assert.deepEqual(await seqs({ before: 3, limit: 50 }), [1, 2]);
			assert.deepEqual(await seqs({ before: 1 }), []);
			assert.deepEqual(await seqs({ after: tail - 2, limit: 5 }), [tail - 1, tail]);
			assert.deepEqual(await seqs({ after: 2, limit: 2 }), [3, 4]);
			assert.deepEqual(await seqs({ after: tail }), []);
		}
		const reads = house.log.calls.before;
		await seqs({ limit: 3 });
		assert.equal(house.log.calls.before, reads, "the newest are in memory");
		await engine.stop();
		house.log.close();
	});

	it("has what another owner wrote while nobody followed", async () => {
		const house = new StreamHouse();
		const engine = house.engine();
		await engine.post("s", said("mine"));
		await house.write("s", "theirs");
		await house.timers.pass(6_000);
		assert.deepEqual(
			(await engine.history("s", {})).map(({ id }) => id),
			["mine", "theirs"],
		);
		await engine.stop();
		house.log.close();
	});

	it("has at once what another owner wrote, for whoever asks from our end on", async () => {
		const house = new StreamHouse();
		const engine = house.engine();
		await engine.post("s", said("mine"));
		await house.write("s", ...ids(7, 2));
		const seqs = async (after: number) => (await engine.history("s", { after })).map(({ seq }) => seq);
		assert.deepEqual(await seqs(6), [7, 8]);
		await house.write("s", "ninth");
		assert.deepEqual(await seqs(8), [9]);
		await engine.stop();
		house.log.close();
	});

	it("does not serve from memory what was erased", async () => {
		const house = new StreamHouse();
		const engine = house.engine();
		const { at } = await engine.post("s", said("p1"));
		await follow(engine, "s", { after: 0 });
		await house.timers.settle();
		house.log.erase({ ...said("p1"), stream: "s", seq: 1, at });
		engine.forget("s");
		assert.deepEqual(
			(await engine.history("s", {})).map(({ body, erased }) => [body, erased]),
			[[null, true]],
		);
		const sink = await follow(engine, "s", { after: 0 });
		await house.timers.settle();
		assert.equal(sink.entries[0]?.body, null);
		await engine.stop();
		house.log.close();
	});
});
