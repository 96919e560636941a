import assert from "node:assert/strict";
import { LogUnavailable } from "../../realtime/log.ts";
import { follow, StreamHouse, said, steered } from "../support/stream-house.ts";

const refuse = async (): Promise<never> => {
	throw new LogUnavailable("refused");
};
const outage = (calls: number) => Array.from({ length: calls }, () => refuse);

describe("the backstop of a stream that is followed", () => {
	let house: StreamHouse;
	beforeEach(() => {
		house = new StreamHouse();
	});
	afterEach(() => house.log.close());

	it("finds what another owner wrote", async () => {
		const engine = house.engine();
		const sink = await follow(engine, "s");
		await house.write("s", "p1", "p2");
		assert.deepEqual(sink.seqs, []);
		await house.timers.pass(6_000);
		assert.deepEqual(sink.seqs, [1, 2]);
		await engine.stop();
	});

	it("makes one history of two owners, and shows it to the followers of both", async () => {
		const [one, two] = [house.engine(), house.engine()];
		const sinks = [await follow(one, "s", { after: 0 }), await follow(two, "s", { after: 0 })];
		await Promise.all(
			[one, two].flatMap((engine, side) =>
				Array.from({ length: 20 }, async (_, index) => {
					for (let i = 0; i < 5; i += 1) await engine.post("s", said(`p${side}-${index}-${i}`));
				}),
			),
		);
		await house.timers.pass(6_000);
		const history = (await house.log.after("s", 0, 1_000)).map(({ seq, id }) => `${seq} ${id}`);
		assert.equal(history.length, 200);
		for (const sink of sinks) {
			assert.deepEqual(
				sink.entries.map(({ seq, id }) => `${seq} ${id}`),
				history,
			);
		}
		assert.ok(one.metrics.taken + two.metrics.taken > 0);
		await Promise.all([one.stop(), two.stop()]);
	});

	it("asks for one entry and nothing else while nothing happens, and for nothing when nobody follows", async () => {
		const engine = house.engine();
		const sink = await follow(engine, "s");
		const before = { ...house.log.calls };
		await house.timers.pass(30_000);
		const rounds = (house.log.calls.at ?? 0) - (before.at ?? 0);
		assert.ok(rounds >= 4 && rounds <= 8, `${rounds} rounds`);
		assert.deepEqual({ ...house.log.calls, at: 0 }, { ...before, at: 0 });
		sink.handle?.leave();
		await house.timers.pass(30_000);
		assert.equal((house.log.calls.at ?? 0) - (before.at ?? 0), rounds);
		await engine.stop();
	});

	it("ends with the last follower, in the middle of a round as well", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		const asked = Promise.withResolvers<void>();
		log.next.set("at", [(call) => asked.promise.then(call)]);
		await house.timers.pass(6_000);
		sink.handle?.leave();
		asked.resolve();
		await house.timers.settle();
		const { rounds } = engine.metrics;
		await house.timers.pass(30_000);
		assert.equal(engine.metrics.rounds, rounds);
		await engine.stop();
	});

	it("shows those out who are no longer members, with a problem, and nobody else", async () => {
		const engine = house.engine();
		const bob = await follow(engine, "s", { userId: "bob" });
		const eve = await follow(engine, "s", { userId: "eve" });
		house.members?.delete("eve");
		await house.timers.pass(6_000);
		assert.equal(bob.ended, null);
		assert.equal(eve.ended, "problem");
		assert.deepEqual(eve.frames.at(-1)?.payload, { code: "NOT_FOUND", title: "There is no such thing", retryable: false });
		await engine.post("s", said("p1"));
		assert.deepEqual([bob.seqs, eve.seqs], [[1], []]);
		await engine.stop();
	});

	it("shows everybody out when the stream is gone, and does so at once when asked", async () => {
		const engine = house.engine();
		const bob = await follow(engine, "s");
		house.members = null;
		await engine.check("s");
		assert.equal(bob.ended, "problem");
		assert.equal(engine.followers, 0);
		await engine.stop();
	});

	it("says when asked that the log cannot be reached, and does nothing for a stream that is not active", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		await engine.check("s");
		assert.equal(engine.size, 0);
		await follow(engine, "s");
		log.next.set("at", [refuse]);
		await assert.rejects(engine.check("s"), (error: Error & { code?: string }) => error.code === "UNAVAILABLE");
		log.next.set("before", [refuse]);
		await assert.rejects(engine.history("t", { before: 5 }), (error: Error & { code?: string }) => error.code === "UNAVAILABLE");
		await engine.stop();
	});

	it("does not judge those who came after it had asked", async () => {
		const asked = Promise.withResolvers<Set<string>>();
		const engine = house.engine({ membership: { of: () => asked.promise } });
		await follow(engine, "s", { userId: "bob" });
		const check = engine.check("s");
		const eve = await follow(engine, "s", { userId: "eve" });
		asked.resolve(new Set(["bob"]));
		await check;
		assert.equal(eve.ended, null);
		await engine.stop();
	});

	it("says `moved` when another node owns the stream", async () => {
		const engine = house.engine();
		const sink = await follow(engine, "s");
		house.foreign.add("s");
		await house.timers.pass(6_000);
		assert.deepEqual(sink.of("moved"), [{}]);
		assert.equal(sink.ended, "moved");
		assert.equal(engine.size, 0);
		await engine.stop();
	});

	it("lets its followers go after three failed rounds in a row", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		log.next.set("at", [refuse, refuse, (call) => call(), ...outage(3)]);
		while (engine.metrics.failedRounds < 4) {
			assert.equal(sink.ended, null);
			await house.timers.pass(1_000);
		}
		assert.equal(sink.ended, null, "two, then a good one, then two");
		await house.timers.pass(6_000);
		assert.equal(sink.ended, "problem");
		assert.deepEqual(sink.frames.at(-1)?.payload, {
			code: "UNAVAILABLE",
			title: "A part of the service is not available right now",
			retryable: true,
		});
		await engine.stop();
	});

	it("counts a round that is not answered as failed, whichever question it was", async () => {
		const never = () => new Promise<never>(() => {});
		const log = steered(house.log);
		log.next.set("at", [never, never, never]);
		for (const engine of [house.engine({ log }), house.engine({ membership: { of: never } })]) {
			const sink = await follow(engine, "s");
			await house.timers.pass(30_000);
			assert.equal(sink.ended, "problem");
			assert.equal(engine.metrics.failedRounds, 3);
			await engine.stop();
		}
	});

	it("keeps its followers while the log does not say what became of a write, as long as it can be read", async () => {
		const log = steered(house.log);
		const engine = house.engine({ log });
		const sink = await follow(engine, "s");
		log.next.set(
			"append",
			Array(20).fill(() => new Promise<never>(() => {})),
		);
		void engine.post("s", said("p1")).catch(() => {});
		await house.timers.pass(9_000);
		await house.write("s", "theirs");
		await house.timers.pass(60_000);
		assert.equal(sink.ended, null);
		assert.deepEqual(sink.seqs, [1]);
		const stopped = engine.stop();
		await house.timers.pass(6_000);
		await stopped;
	});
});
