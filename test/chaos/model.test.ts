import assert from "node:assert/strict";
import { breakages } from "./model/broken.ts";
import { modelWorlds } from "./model/world.ts";
import { planOf } from "./plan.ts";
import { type Played, play } from "./play.ts";
import { shrink } from "./shrink.ts";

// Tests of the random run itself: the model is a small server in memory that keeps the promises, and breaks one of them when told to.

const wholeRuns = 1_000;
/** The hardest to find shows in about one history of five. */
const brokenRuns = 100;

const summary = ({ plan, violations }: Played): string =>
	violations.map(({ what, excerpt }) => [`seed ${plan.seed}: ${what}`, ...excerpt].join("\n")).join("\n\n");

describe("random histories of the model", () => {
	it("are right when nothing is broken, and come through all that is meant to happen", async function () {
		this.timeout(60_000);
		const seen = { acked: 0, again: 0, reused: 0, resumes: 0, greetedOnly: 0, pages: 0, done: new Set<string>() };
		for (let seed = 1; seed <= wholeRuns; seed++) {
			const played = await play(modelWorlds(), planOf(seed));
			assert.equal(summary(played), "");
			const { tries, sessions, pages, faults } = played.history;
			seen.acked += tries.filter(({ outcome }) => outcome.kind === "acked").length;
			seen.again += tries.length - new Set(tries.map(({ from, id }) => `${from}/${id}`)).size;
			seen.reused += tries.filter(({ outcome }) => outcome.kind === "refused").length;
			seen.resumes += sessions.filter(({ asked, entries }) => (asked.after ?? 0) > 0 && entries.length > 0).length;
			seen.greetedOnly += sessions.filter(({ ready, ended, entries }) => ready && ended && entries.length === 0).length;
			seen.pages += pages.filter(({ entries }) => entries.length > 0).length;
			for (const { what } of faults) seen.done.add(what.replace(/ ?(n\d|for \d+ ms)/g, ""));
		}
		for (const [what, count] of Object.entries(seen)) {
			if (typeof count === "number") assert.ok(count > wholeRuns / 5, `${what}: ${count}`);
		}
		const faults = [
			"kill",
			"stop",
			"drain",
			"add",
			"kill server mongo",
			"stop server mongo",
			"kill server nats",
			"cut off from nats (silent)",
		];
		for (const fault of faults) assert.ok(seen.done.has(fault), `${fault} never happened, only ${[...seen.done].join(", ")}`);
	});

	it("play the same way for the same seed", async () => {
		const [one, other] = [await play(modelWorlds(), planOf(7)), await play(modelWorlds(), planOf(7))];
		assert.deepEqual(one.history, other.history);
	});

	for (const broken of breakages) {
		it(`are found to be wrong with ${broken}`, async () => {
			let found = 0;
			for (let seed = 1; seed <= brokenRuns; seed++) {
				const { violations } = await play(modelWorlds(broken), planOf(seed));
				if (violations.length > 0) found += 1;
			}
			// Three at the least: one could be luck.
			assert.ok(found >= 3, `${found} of ${brokenRuns} histories show it`);
		});
	}

	it("are made shorter while they still fail, down to a few steps", async () => {
		const source = modelWorlds("ack before the write");
		const plan = planOf(1);
		const fails = async (steps: typeof plan.steps): Promise<boolean> =>
			(await play(source, { ...plan, steps })).violations.length > 0;
		const shortest = await shrink(plan.steps, fails, 300);
		assert.ok(await fails(shortest));
		assert.ok(shortest.length <= 5, `${shortest.length} steps are left: ${JSON.stringify(shortest)}`);
	});
});
