import assert from "node:assert/strict";
import fc from "fast-check";
import {
	type LinkRequest,
	nextAllowedAt,
	openRequest,
	resetLife,
	verificationLife,
	voided,
	withRequest,
} from "../../../services/auth/link-request.ts";

const minute = 60_000;
const day = 1_440 * minute;
const start = 1_700_000_000_000;

/** Somebody who asks at these times, counted from the one before; answers the times of what was taken. */
const asking = (pauses: readonly number[], life: number): { taken: number[]; requests: LinkRequest[]; at: number } => {
	let [at, requests, taken] = [start, [] as LinkRequest[], [] as number[]];
	for (const [index, ms] of pauses.entries()) {
		at += ms;
		const next = withRequest(requests, { id: `r${index}`, at }, life);
		if (next) [requests, taken] = [next, [...taken, at]];
	}
	return { taken, requests, at };
};

describe("requests for a mail with a link", () => {
	const pauses = fc.array(fc.integer({ min: 0, max: 3 * 60 * minute }), { maxLength: 60 });

	it("mean one mail a minute at most, however often somebody asks", () => {
		fc.assert(
			fc.property(pauses, (all) => {
				const { taken } = asking(all, resetLife);
				for (const [index, at] of taken.slice(1).entries()) assert.ok(at - (taken[index] ?? 0) >= minute);
			}),
		);
		assert.equal(asking([0, 0, 1, minute - 2], resetLife).taken.length, 1);
		assert.equal(asking([0, minute], resetLife).taken.length, 2);
	});

	it("flood nobody: after three within a day there is one an hour", () => {
		const everyMinute = asking(Array.from({ length: 1_440 }, () => minute), resetLife); // biome-ignore format: one line
		assert.equal(everyMinute.taken.length, 3 + 23);
		assert.equal(asking(Array.from({ length: 1_440 }, () => minute), verificationLife).taken.length, 3); // biome-ignore format: one line
	});

	it("are never used up by a stranger: while one is refused, a link that was mailed works, or will be mailed within a minute", () => {
		fc.assert(
			fc.property(pauses, fc.integer({ min: 0, max: day }), (all, later) => {
				const { requests, at } = asking(all, resetLife);
				const now = at + later;
				const newest = requests.at(-1);
				if (!newest || now >= nextAllowedAt(requests, resetLife)) return;
				assert.ok(openRequest(requests, newest.id, resetLife, now));
			}),
		);
	});

	it("count once, and are remembered after they are void", () => {
		const one = withRequest([], { id: "a", at: start }, resetLife) ?? [];
		assert.equal(withRequest(one, { id: "a", at: start + day }, resetLife), null);
		assert.equal(withRequest(voided(one), { id: "a", at: start + day }, resetLife), null);
		// Whoever has just used a link may ask for another.
		assert.equal(withRequest(voided(one), { id: "b", at: start + 1 }, resetLife)?.length, 2);
	});

	it("keep few", () => {
		fc.assert(fc.property(pauses, (all) => assert.ok(asking(all, resetLife).requests.length <= 3)));
	});

	it("open their link until it is too old, and not when it is void", () => {
		const requests = [{ id: "a", at: start }];
		assert.equal(openRequest(requests, "a", resetLife, start + resetLife - 1)?.id, "a");
		assert.equal(openRequest(requests, "a", resetLife, start + resetLife), null);
		assert.equal(openRequest(requests, "b", resetLife, start), null);
		assert.equal(openRequest(voided(requests), "a", resetLife, start), null);
	});
});
