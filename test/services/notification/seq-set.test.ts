import assert from "node:assert/strict";
import fc from "fast-check";
import {
	add,
	complement,
	descending,
	has,
	none,
	remove,
	type SeqSet,
	sizeOf,
	union,
} from "../../../services/notification/seq-set.ts";

const most = 40;
const steps = fc.array(
	fc.record({ add: fc.boolean(), from: fc.integer({ min: 1, max: most }), length: fc.integer({ min: 0, max: 12 }) }),
	{ maxLength: 30 },
);

interface Made {
	set: SeqSet;
	model: Set<number>;
}

/** A set, and the same as a plain one. */
const made = steps.map((all): Made => {
	let set = none;
	const model = new Set<number>();
	for (const { add: adds, from, length } of all) {
		const to = from + length - 1;
		set = adds ? add(set, from, to) : remove(set, from, to);
		for (let seq = from; seq <= to; seq += 1) adds ? model.add(seq) : model.delete(seq);
	}
	return { set, model };
});

const membersOf = (set: SeqSet): number[] =>
	set.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
const ascending = (model: Iterable<number>): number[] => [...model].sort((a, b) => a - b);

describe("notification: sets of seqs", () => {
	it("have what was added and not removed, in intervals that are sorted and do not touch", () => {
		fc.assert(
			fc.property(made, ({ set, model }) => {
				assert.deepEqual(membersOf(set), ascending(model));
				for (const [index, [from, to]] of set.entries()) {
					assert.ok(from <= to);
					assert.ok(index === 0 || from > (set[index - 1]?.[1] ?? 0) + 1, JSON.stringify(set));
				}
			}),
		);
	});

	it("know their members and how many there are", () => {
		fc.assert(
			fc.property(made, ({ set, model }) => {
				assert.equal(sizeOf(set), model.size);
				for (let seq = 0; seq <= most + 15; seq += 1) assert.equal(has(set, seq), model.has(seq), `${seq}`);
			}),
		);
	});

	it("are united, and have what they lack up to an end", () => {
		fc.assert(
			fc.property(made, made, fc.integer({ min: 0, max: most + 15 }), (a, b, to) => {
				assert.deepEqual(membersOf(union(a.set, b.set)), ascending(new Set([...a.model, ...b.model])));
				const lacking = Array.from({ length: to }, (_, index) => index + 1).filter((seq) => !a.model.has(seq));
				assert.deepEqual(membersOf(complement(a.set, to)), lacking);
			}),
		);
	});

	it("give their largest below a bound, descending", () => {
		fc.assert(
			fc.property(
				made,
				fc.integer({ min: 1, max: most + 15 }),
				fc.integer({ min: 0, max: 10 }),
				({ set, model }, before, limit) => {
					const wanted = ascending(model)
						.reverse()
						.filter((seq) => seq < before);
					assert.deepEqual(descending(set, before, limit), wanted.slice(0, limit));
				},
			),
		);
	});
});
