import assert from "node:assert/strict";
import fc from "fast-check";
import { Actor, type ActorParts } from "../../realtime/actor.ts";
import { Audience, type AudienceParts } from "../../realtime/audience.ts";
import { Engine } from "../../realtime/engine.ts";
import type { Follower } from "../../realtime/follower.ts";
import type { Draft, StreamLog } from "../../realtime/log.ts";
import type { Post } from "../../realtime/mailbox.ts";
import { Metrics } from "../../realtime/metrics.ts";
import { Writer, type WriterParts } from "../../realtime/writer.ts";
import type { TestFrame } from "../support/recording-sink.ts";
import { SqliteStreamLog } from "../support/sqlite-stream-log.ts";
import { type Breakage, faults, type Step, StreamWorld } from "../support/stream-world.ts";

const node = fc.integer({ min: 0, max: 1 });
const client = fc.integer({ min: 0, max: 2 });
const step = fc.oneof(
	{ weight: 10, arbitrary: fc.record({ do: fc.constant("post"), node, id: fc.integer({ min: 0, max: 11 }) }) },
	{ weight: 5, arbitrary: fc.record({ do: fc.constant("connect"), node, client }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constantFrom("cut", "slow", "slow", "drain"), client }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constantFrom("crash", "release"), node }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("tick") }) },
) as fc.Arbitrary<Step>; // fast-check widens the words of a union
const pause = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) });
const steps = fc.array(
	fc.tuple(step, pause).map(([each, then]) => ({ ...each, then })),
	{ minLength: 5, maxLength: 60, size: "max" },
);
const faultsInTurn = fc.array(
	fc.oneof({ weight: 6, arbitrary: fc.constant("none" as const) }, { weight: 2, arbitrary: fc.constantFrom(...faults) }),
	{ minLength: 1, maxLength: 20 },
);

const property = (breakage: Breakage = {}, count: (metrics: Metrics) => void = () => {}) =>
	fc.asyncProperty(fc.scheduler(), steps, faultsInTurn, async (scheduler, all, inTurn) => {
		const world = new StreamWorld(scheduler, inTurn, breakage);
		assert.deepEqual(await world.play(all), []);
		for (const { metrics } of world.engines) count(metrics);
	});

const runs = Number(process.env.SOUK_TEST_RUNS ?? 300);
const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);

/** An engine whose actors are made with other parts. */
const engineWith = (parts: {
	writer?: (parts: WriterParts) => Writer;
	audience?: (parts: AudienceParts<TestFrame>) => Audience<TestFrame>;
}): Breakage => {
	class BrokenActor extends Actor<TestFrame> {
		protected override createWriter(own: WriterParts): Writer {
			return parts.writer?.(own) ?? super.createWriter(own);
		}
		protected override createAudience(own: AudienceParts<TestFrame>): Audience<TestFrame> {
			return parts.audience?.(own) ?? super.createAudience(own);
		}
	}
	class BrokenEngine extends Engine<TestFrame> {
		protected override createActor(stream: string, tail: number, own: ActorParts<TestFrame>): Actor<TestFrame> {
			return new BrokenActor(stream, tail, own);
		}
	}
	return { engine: (ports, limits) => new BrokenEngine(ports, limits) };
};

/** Keeps the seqs that posts had first, whatever was found out since. */
class FixedNumbers extends Writer {
	readonly #seqs = new WeakMap<object, number>();
	protected override number(batch: readonly Post[], tail: number): Draft[] {
		return super.number(batch, tail).map((draft, index) => {
			const { answer } = batch[index] as Post; // one draft a post
			const seq = this.#seqs.get(answer) ?? draft.seq;
			this.#seqs.set(answer, seq);
			return { ...draft, seq };
		});
	}
}

class LiveAtOnce extends Audience<TestFrame> {
	protected override mayTake(): boolean {
		return true;
	}
}

class NoCatchUp extends Audience<TestFrame> {
	override pageFromMemory(follower: Follower<TestFrame>): boolean {
		follower.cursor = this.parts.known().tail;
		return true;
	}
}

const ackFirst = (log: StreamLog): StreamLog => ({
	...log,
	append: async (drafts) => {
		void log.append(drafts).catch(() => {});
		return { stored: drafts.length, end: "all" };
	},
});

const blind = (log: StreamLog): StreamLog => ({ ...log, at: async () => null });

class OffByOne extends Engine<TestFrame> {
	override attach(stream: string, request: Parameters<Engine<TestFrame>["attach"]>[1]) {
		const { lastId: _, after = 0, ...rest } = request;
		return super.attach(stream, { ...rest, after: Math.max(0, after - 1) });
	}
}

describe("streams, whatever happens in whatever order", () => {
	it("every follower sees 1..n in one order, every acked post is in the log once, and all are caught up in the end", async function () {
		this.timeout(120_000);
		const seen = new Metrics();
		const count = (metrics: Metrics) => {
			for (const name of Object.keys(metrics) as (keyof Metrics)[]) seen[name] += metrics[name];
		};
		await fc.assert(property({}, count), { numRuns: runs, seed });
		// Or it would have shown less than it says.
		const { repeats, taken, uncertain, lags, pagesFromRecent, pagesFromLog, failedRounds, moved, unloads } = seen;
		const came = { repeats, taken, uncertain, lags, pagesFromRecent, pagesFromLog, failedRounds, moved, unloads };
		assert.ok(
			Object.values(came).every((times) => times > runs / 60),
			JSON.stringify(came),
		);
	});
});

describe("the check of streams", () => {
	const breakages: Record<string, Breakage> = {
		"that the log does not fence": { log: () => new SqliteStreamLog("seq") },
		"that ids are not a key of the log": { log: () => new SqliteStreamLog("id") },
		"an ack before the write": { wrap: ackFirst },
		"a resume that is off by one": { engine: (ports, limits) => new OffByOne(ports, limits) },
		"that a batch is numbered wrongly after a repeat": engineWith({ writer: (parts) => new FixedNumbers(parts) }),
		"live entries before the catch-up has ended": engineWith({ audience: (parts) => new LiveAtOnce(parts) }),
		"that the catch-up is skipped": engineWith({ audience: (parts) => new NoCatchUp(parts) }),
		"an owner that never looks whether it is stale": { wrap: blind },
	};
	for (const [what, breakage] of Object.entries(breakages)) {
		it(`finds ${what}`, async function () {
			this.timeout(120_000);
			const found = await fc.check(property(breakage), { numRuns: 400, seed, endOnFailure: true });
			assert.ok(found.failed, `not found in ${found.numRuns} runs`);
			assert.match(String(found.errorInstance), /strictly deep-equal/, "it was found by the checker");
		});
	}
});
