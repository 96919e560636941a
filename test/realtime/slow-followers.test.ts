import assert from "node:assert/strict";
import { LogUnavailable } from "../../realtime/log.ts";
import { follow, StreamHouse, said, steered } from "../support/stream-house.ts";

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const limits = { sinkBytes: 1_000, recentEntries: 8, pageEntries: 4, pageBytes: 600 };

describe("a follower that reads slowly", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	const post = async (engine: ReturnType<StreamHouse["engine"]>, from: number, to: number) => {
		for (const seq of range(from, to)) await engine.post("s", said(`p${seq}`));
	};

	it("is sent no more than its bound and one frame, while the others get everything", async () => {
		const engine = house.engine({}, limits);
		const slow = await follow(engine, "s");
		const fast = await follow(engine, "s", { userId: "eve" });
		slow.slow = true;
		await post(engine, 1, 100);
		assert.ok(slow.queued <= 1_000 + 300, `${slow.queued} bytes are queued`);
		assert.equal(slow.ended, null);
		assert.deepEqual(fast.seqs, range(1, 100));
		assert.equal(engine.metrics.lags, 1);
		await engine.stop();
	});

	it("has its input paused, and gets all that it missed when it drains, from memory or from the log", async () => {
		for (const missed of [3, 100]) {
			const stream = `s${missed}`;
			const engine = house.engine({}, limits);
			const sink = await follow(engine, stream);
			sink.slow = true;
			let posted = 0;
			const postOne = () => {
				posted += 1;
				return engine.post(stream, said(`p${posted}`));
			};
			while (!sink.paused) await postOne();
			for (let i = 1; i < missed; i += 1) await postOne();
			sink.slow = false;
			sink.drain();
			assert.equal(sink.paused, false);
			await house.timers.settle(200);
			await postOne();
			assert.deepEqual(sink.seqs, range(1, posted));
			assert.equal(engine.metrics.pagesFromLog > 0, missed > 8);
			await engine.stop();
		}
	});

	it("is bound by the number of entries, too", async () => {
		const engine = house.engine({}, { sinkEntries: 5 });
		const sink = await follow(engine, "s");
		sink.slow = true;
		await post(engine, 1, 20);
		assert.deepEqual(sink.seqs, range(1, 5));
		sink.slow = false;
		sink.drain();
		await house.timers.settle();
		assert.deepEqual(sink.seqs, range(1, 20));
		await engine.stop();
	});

	it("has the whole of that number again after it was seen to be quick", async () => {
		const engine = house.engine({}, { sinkEntries: 5 });
		const sink = await follow(engine, "s");
		await post(engine, 1, 20);
		sink.slow = true;
		await post(engine, 21, 30);
		assert.deepEqual(sink.seqs, range(1, 25), "five, the first of which found the queue empty");
		await engine.stop();
	});

	it("is paused by answers to its own requests as well, before any entry", async () => {
		const engine = house.engine({}, limits);
		const sink = await follow(engine, "s");
		sink.slow = true;
		sink.queue(900);
		sink.handle?.wrote();
		assert.equal(sink.paused, false);
		sink.queue(900);
		sink.handle?.wrote();
		assert.equal(sink.paused, true);
		await post(engine, 1, 3);
		assert.deepEqual(sink.seqs, []);
		sink.drain();
		await house.timers.settle();
		assert.equal(sink.paused, false);
		assert.deepEqual(sink.seqs, [1, 2, 3]);
		await engine.stop();
	});

	it("that stays slow during its catch-up gets a little at a time", async () => {
		await house.write("s", ...range(1, 200).map((seq) => `p${seq}`));
		const engine = house.engine({}, limits);
		const sink = await follow(engine, "s", { after: 0 });
		sink.slow = true;
		for (let most = 0; (sink.seqs.at(-1) ?? 0) < 200 && most < 200; most += 1) {
			await house.timers.settle(30);
			assert.ok(sink.queued <= 500 + 900, `${sink.queued} bytes are queued`);
			sink.drain();
		}
		assert.deepEqual(sink.seqs, range(1, 200));
		await engine.stop();
	});

	it("is found by the backstop if its sink did not say that it drained", async () => {
		const engine = house.engine({}, limits);
		const sink = await follow(engine, "s");
		sink.slow = true;
		await post(engine, 1, 50);
		sink.slow = false;
		sink.queued = 0;
		await house.timers.pass(6_000);
		await house.timers.settle(60);
		assert.deepEqual(sink.seqs, range(1, 50));
		assert.equal(sink.paused, false);
		await engine.stop();
	});

	it("leaves while its page is read, and nothing is written to it", async () => {
		const log = steered(house.log);
		await house.write("s", "p1", "p2");
		const engine = house.engine({ log });
		const read = Promise.withResolvers<void>();
		log.next.set("after", [(call) => read.promise.then(call)]);
		const sink = await follow(engine, "s", { after: 0 });
		await house.timers.settle();
		sink.handle?.leave();
		read.resolve();
		await house.timers.settle();
		assert.deepEqual(sink.seqs, []);
		await engine.stop();
	});
});

describe("a catch-up", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("reads again where a page ended before a hole, and never skips it", async () => {
		const log = steered(house.log);
		await house.write("s", "p1", "p2", "p3", "p4");
		const engine = house.engine({ log }, { pageEntries: 2 });
		log.next.set("after", [async () => [], async (call) => ((await call()) as unknown[]).slice(0, 1), async () => []]);
		const sink = await follow(engine, "s", { after: 0 });
		await house.timers.pass(4_000);
		assert.deepEqual(sink.seqs, [1, 2, 3, 4]);
		await engine.stop();
	});

	it("sends nothing of a page that begins elsewhere", async () => {
		const log = steered(house.log);
		await house.write("s", "p1", "p2", "p3");
		const engine = house.engine({ log });
		log.next.set("after", [async (call) => ((await call()) as unknown[]).slice(1)]);
		const sink = await follow(engine, "s", { after: 0 });
		await house.timers.pass(1_000);
		assert.deepEqual(sink.seqs, [1, 2, 3]);
		await engine.stop();
	});

	it("ends at the tail that this node knows, though the log has more: the backstop brings the rest to everybody", async () => {
		const engine = house.engine();
		await house.write("s", "p1", "p2");
		const other = await follow(engine, "s", { after: 2 });
		await house.write("s", "p3");
		const sink = await follow(engine, "s", { after: 0 });
		await house.timers.settle();
		assert.deepEqual([sink.seqs, other.seqs], [[1, 2], []]);
		await house.timers.pass(6_000);
		assert.deepEqual([sink.seqs, other.seqs], [[1, 2, 3], [3]]);
		await engine.stop();
	});

	it("tries again when the log does not answer, and its followers stay", async () => {
		const log = steered(house.log);
		await house.write("s", "p1", "p2");
		const engine = house.engine({ log });
		const refuse = async (): Promise<never> => {
			throw new LogUnavailable("refused");
		};
		log.next.set("after", [refuse, refuse, refuse]);
		const sink = await follow(engine, "s", { after: 0 });
		await house.timers.pass(4_000);
		assert.deepEqual(sink.seqs, [1, 2]);
		assert.equal(sink.ended, null);
		await engine.stop();
	});

	it("goes on for the others when reads are never answered, and for those whose reads these were", async () => {
		const log = steered(house.log);
		for (const stream of ["s", "t"]) await house.write(stream, "p1");
		const engine = house.engine({ log }, { pageReads: 1 });
		log.next.set("after", [() => new Promise<never>(() => {})]);
		const stuck = await follow(engine, "s", { after: 0 });
		const other = await follow(engine, "t", { after: 0 });
		await house.timers.pass(12_000);
		assert.deepEqual([stuck.seqs, other.seqs], [[1], [1]]);
		await engine.stop();
	});

	it("does not ask a log in trouble again at once", async () => {
		const log = steered(house.log);
		await house.write("s", "p1");
		const engine = house.engine({ log });
		const refuse = async (): Promise<never> => {
			throw new LogUnavailable("refused");
		};
		log.next.set("after", [refuse, refuse, refuse]);
		await follow(engine, "s", { after: 0 });
		await house.timers.settle(100);
		assert.equal(house.reports.length, 1);
		await engine.stop();
	});

	it("from memory goes in turns as well", async () => {
		const engine = house.engine({}, { pageEntries: 2, pagesPerTurn: 1 });
		for (const seq of range(1, 200)) await engine.post("s", said(`p${seq}`));
		const all = await Promise.all([0, 190, 0, 190].map((after) => follow(engine, "s", { after })));
		await house.timers.settle(40);
		assert.deepEqual(
			all.map(({ seqs }) => seqs.at(-1) === 200),
			[false, true, false, true],
		);
		await engine.stop();
	});

	it("of somebody who missed much does not keep those waiting who missed little, nor live entries", async () => {
		await house.write("s", ...range(1, 1_000).map((seq) => `p${seq}`));
		const engine = house.engine({}, { pageEntries: 10, pageReads: 1 });
		const long = await follow(engine, "s", { after: 0 });
		const live = await follow(engine, "s", { after: 1_000 });
		await house.timers.settle(10);
		const short = await follow(engine, "s", { after: 985 });
		await engine.post("s", said("p1001"));
		assert.deepEqual(live.seqs, [1_001]);
		while (short.seqs.length < 16) await house.timers.settle(1);
		assert.ok((long.seqs.at(-1) ?? 0) < 500, "the long one is still on its way");
		while (long.seqs.length < 1_001) await house.timers.settle(1);
		assert.deepEqual(long.seqs, range(1, 1_001));
		await engine.stop();
	});

	it("sends no page that is heavier than its bound, but always an entry", async () => {
		await house.write("s", ...range(1, 6).map((seq) => `p${seq}`));
		const engine = house.engine({}, { pageBytes: 450 });
		const sink = await follow(engine, "s", { after: 0 });
		await house.timers.settle(60);
		assert.deepEqual(
			sink.of("entries").map((entries) => (entries as unknown[]).length),
			[2, 2, 2],
		);
		await engine.post("s", said("heavy", "x".repeat(1_000)));
		const late = await follow(engine, "s", { after: 6 });
		await house.timers.settle();
		assert.deepEqual(late.seqs, [7]);
		await engine.stop();
	});

	it("serves what somebody else wrote in pages when it is more than a frame should hold", async () => {
		const engine = house.engine({}, { batchBytes: 1_000, pageBytes: 700 });
		const sink = await follow(engine, "s", { after: 0 });
		await house.write("s", ...range(1, 12).map((seq) => `p${seq}`));
		await engine.check("s");
		await house.timers.settle(60);
		assert.deepEqual(sink.seqs, range(1, 12));
		assert.ok(sink.of("entries").length >= 4);
		await engine.stop();
	});
});
