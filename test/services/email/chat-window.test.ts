import assert from "node:assert/strict";
import fc from "fast-check";
import { decideWindow, keptStarts, type WindowStart, withStart } from "../../../services/email/chat-window.ts";

const minute = 60_000;
const length = 10 * minute;
const start = (eventId: string, at: number, until = at + length): WindowStart => ({ eventId, at, until });

describe("A window of mails about a conversation", () => {
	it("begins with the first message, and takes in what is written within it, before and after", () => {
		assert.equal(decideWindow([], { eventId: "a", at: 0 }, length), "begins");
		const open = [start("a", 0)];
		assert.equal(decideWindow(open, { eventId: "b", at: length - 1 }, length), "within");
		assert.equal(decideWindow(open, { eventId: "c", at: length }, length), "begins");
		assert.equal(decideWindow(open, { eventId: "d", at: 1 - length }, length), "within");
		assert.equal(decideWindow(open, { eventId: "e", at: -length }, length), "begins");
	});

	it("knows the message that began it, also when others began since", () => {
		assert.equal(decideWindow([start("a", 0), start("b", length)], { eventId: "a", at: 0 }, length), "begun");
	});

	it("lasts to the end of quiet hours: what is written in them is one mail", () => {
		const night = [start("a", 0, 9 * 60 * minute)];
		assert.equal(decideWindow(night, { eventId: "b", at: 8 * 60 * minute }, length), "within");
		assert.equal(decideWindow(night, { eventId: "c", at: 9 * 60 * minute }, length), "begins");
	});

	it("forgets the oldest starts, and tells nothing that is older than all it knows", () => {
		const many = Array.from({ length: keptStarts + 3 }, (_, index) => start(`e${index}`, index * length));
		const kept = many.reduce<WindowStart[]>((all, one) => withStart(all, one), []);
		assert.deepEqual(
			kept.map(({ eventId }) => eventId),
			many.slice(-keptStarts).map(({ eventId }) => eventId),
		);
		assert.equal(decideWindow(kept, { eventId: "e0", at: 0 }, length), "within");
	});

	it("is never two within one, and gives each message the same answer again, however events are shuffled and repeated", () => {
		const messages = fc.uniqueArray(fc.integer({ min: 0, max: 6 * length }), { minLength: 1, maxLength: 12 });
		const deliveries = messages.chain((times) =>
			fc.array(fc.constantFrom(...times), { minLength: times.length, maxLength: 40 }).map((more) => [...more, ...times]),
		);
		fc.assert(
			fc.property(deliveries, (times) => {
				let starts: WindowStart[] = [];
				const begun = new Set<number>();
				for (const at of times) {
					const decision = decideWindow(starts, { eventId: `e${at}`, at }, length);
					if (decision === "begins") {
						assert.ok(!begun.has(at));
						begun.add(at);
						starts = withStart(starts, start(`e${at}`, at));
					} else assert.equal(decision === "begun", begun.has(at));
				}
				const sorted = [...begun].sort((a, b) => a - b);
				for (const [index, at] of sorted.entries()) assert.ok(at - (sorted[index - 1] ?? Number.NEGATIVE_INFINITY) >= length);
				// Whoever is not told was told of another message about then.
				for (const at of times) assert.ok(sorted.some((told) => Math.abs(told - at) < length));
			}),
			{ numRuns: 300 },
		);
	});
});
