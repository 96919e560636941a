import assert from "node:assert/strict";
import fc from "fast-check";
import { type Begun, decideWindow, windowsId, windowsOf, withWindow } from "../../../services/notification/chat-window.ts";

const minute = 60_000;
const length = 10 * minute;
const message = (at: number, eventId = `e${at}`): Begun => ({ at: at * minute, eventId });

/** What becomes of messages that come in this order: those that are told of, in the order in which they were. */
const told = (messages: readonly Begun[]): { first: Begun[]; deliveries: string[]; begun: Begun[] } => {
	let begun: Begun[] = [];
	const first: Begun[] = [];
	const deliveries: string[] = [];
	for (const one of messages) {
		const decision = decideWindow({ begun }, one, length);
		if (decision.kind === "open") continue;
		deliveries.push(one.eventId);
		if (decision.kind === "again") continue;
		first.push(one);
		begun = withWindow(begun, one);
	}
	return { first, deliveries, begun };
};
const idsOf = (messages: readonly Begun[]): string[] => messages.map(({ eventId }) => eventId);

describe("notification: the window of a conversation", () => {
	it("is begun by the first message, and tells of no other until it is over", () => {
		assert.deepEqual(idsOf(told([message(0), message(1), message(9), message(10), message(19), message(20)]).first), [
			"e0",
			"e10",
			"e20",
		]);
	});

	it("tells of the message that began it again when that comes again, also after a later window", () => {
		assert.deepEqual(told([message(0), message(0), message(30), message(0), message(5)]).deliveries, ["e0", "e0", "e30", "e0"]);
	});

	it("holds for messages that come late", () => {
		assert.deepEqual(idsOf(told([message(30), message(25), message(31)]).first), ["e30"]);
		assert.deepEqual(idsOf(told([message(30), message(0), message(5), message(35)]).first), ["e30", "e0"]);
	});

	it("tells nothing of what is older than all that is remembered", () => {
		const many = Array.from({ length: 20 }, (_, index) => message(1_000 + index * 20));
		const { first, begun } = told([...many, message(0), message(1_000, "late")]);
		assert.deepEqual(idsOf(first), idsOf(many));
		assert.equal(begun.length, 8);
	});

	it("in any order, with repeats: never two within its length, never a message without one near, the same when all comes again", () => {
		const near = (a: Begun, b: Begun): boolean => Math.abs(a.at - b.at) < length;
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 60 }), (times) => {
				const messages = times.map((at) => message(at));
				const { first } = told(messages);
				for (const [index, one] of first.entries())
					for (const other of first.slice(index + 1)) assert.ok(!near(one, other), `${one.eventId} and ${other.eventId}`);
				for (const one of messages) assert.ok(first.some((other) => near(one, other)), one.eventId); // biome-ignore format: one line
				assert.deepEqual(idsOf(told([...messages, ...messages]).first), idsOf(first));
			}),
		);
	});

	it("is found with the person's others", () => {
		const { $gte, $lt } = windowsOf("ann");
		const within = (id: string): boolean => id >= $gte && id < $lt;
		assert.ok(within(windowsId("ann", "g-1")) && within(windowsId("ann", "zzz")));
		assert.ok(!within(windowsId("anna", "g-1")) && !within(windowsId("ann-2", "g-1")) && !within(windowsId("an", "g-1")));
	});
});
