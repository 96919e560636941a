import assert from "node:assert/strict";
import type { Entry } from "../../realtime/entry.ts";
import { Known } from "../../realtime/known.ts";
import { defaultLimits } from "../../realtime/limits.ts";
import { Recent } from "../../realtime/recent.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { SqliteStreamLog } from "../support/sqlite-stream-log.ts";
import { said } from "../support/stream-house.ts";

const entry = (seq: number, text = "hello"): Entry => ({ ...said(`p${seq}`, text), stream: "s", seq, at: "" });
const entries = (from: number, to: number): Entry[] => Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));
const seqs = (all: readonly Entry[] | null) => all?.map(({ seq }) => seq) ?? null;

describe("what a node knows of a stream", () => {
	it("grows by what comes next, passes over what it has, and takes nothing that leaves a gap", () => {
		const log = new SqliteStreamLog();
		const out: (number[] | null)[] = [];
		const known = new Known("s", 2, { log, timers: new ManualTimers(), limits: defaultLimits }, (news) => out.push(seqs(news)));
		known.advance(entries(3, 4));
		known.advance(entries(3, 6));
		known.advance(entries(3, 5));
		known.advance(entries(8, 9));
		known.advance([]);
		assert.deepEqual(out, [
			[3, 4],
			[5, 6],
		]);
		assert.equal(known.tail, 6);
		log.close();
	});
});

describe("the recent entries of a stream", () => {
	it("are bounded by number and by bytes, and never have a gap", () => {
		const few = new Recent(3, 1_000_000);
		few.push(entries(1, 10));
		assert.deepEqual([few.size, few.first], [3, 8]);
		const light = new Recent(1_000, 1_000);
		for (let seq = 1; seq <= 100; seq += 1) light.push([entry(seq, "x".repeat(seq % 7))]);
		assert.ok(light.bytes <= 1_000 && light.size >= 3, `${light.size} entries, ${light.bytes} bytes`);
		assert.equal(light.first + light.size - 1, 100);
		light.push([entry(101, "x".repeat(2_000))]);
		assert.deepEqual([light.size, light.bytes], [0, 0], "one that is too heavy is not kept, nor what would leave a gap");
		light.push([entry(102)]);
		assert.deepEqual(seqs(light.after(101, 5)), [102]);
		assert.equal(light.after(100, 5), null);
	});

	it("answer a range only if all of it is there", () => {
		const recent = new Recent(5, 1_000_000);
		assert.deepEqual([recent.after(0, 5), recent.before(5, 5), recent.at(1)], [null, null, undefined]);
		recent.push(entries(1, 200));
		assert.deepEqual(seqs(recent.after(195, 3)), [196, 197, 198]);
		assert.equal(recent.after(194, 3), null);
		assert.deepEqual(seqs(recent.after(200, 3)), []);
		assert.deepEqual(seqs(recent.before(201, 2)), [199, 200]);
		assert.deepEqual(seqs(recent.before(201, 5)), [196, 197, 198, 199, 200]);
		assert.equal(recent.before(201, 6), null);
		assert.equal(recent.before(3, 2), null);
		assert.equal(recent.at(197)?.seq, 197);
		assert.equal(recent.at(201), undefined);
	});

	it("are found by poster and id as long as they are there", () => {
		const recent = new Recent(2, 1_000_000);
		recent.push(entries(1, 3));
		assert.equal(recent.find({ from: "ada", id: "p3" })?.seq, 3);
		assert.equal(recent.find({ from: "bob", id: "p3" }), undefined);
		assert.equal(recent.find({ from: "ada", id: "p1" }), undefined);
		recent.clear();
		assert.deepEqual([recent.find({ from: "ada", id: "p3" }), recent.size, recent.bytes], [undefined, 0, 0]);
	});
});
