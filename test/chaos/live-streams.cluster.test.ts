import assert from "node:assert/strict";
import { needsOwn } from "../support/servers.ts";
import type { Break } from "./breaks/index.ts";
import { campaign } from "./campaign.ts";
import { type ClusterWorlds, clusterWorlds } from "./cluster/world.ts";
import type { PlanOptions } from "./plan.ts";

// `npm run chaos -- --runs 1000` plays more of them, longer ones, from any seed; `--break` shows that it finds what is broken.

/** Between them: nodes killed, drained, stopped and added, each server killed or stopped, and nodes cut off from each. */
const seeds = [1, 2, 3, 4, 6, 13, 16, 17];
const plan: PlanOptions = { steps: 24, waits: [20, 100, 300, 600], faultMs: 1_500 };
/** Found in the first history that was tried, every time. */
const soonFound: readonly Break[] = ["resume-off-by-one", "live-before-catch-up-ended"];

describe("random histories of the live streams on a cluster", function () {
	// Of one that fails, with its way to a shorter plan; the others take some ten seconds.
	this.timeout(300_000);
	let source: ClusterWorlds | undefined;

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		source = await clusterWorlds();
	});
	after(() => source?.close());

	for (const seed of seeds) {
		it(`keep every promise from seed ${seed}`, async () => {
			assert.ok(source);
			const { failure, acked, seen } = await campaign(source, { runs: 1, seed, plan, shrinkTries: 8, shrinkWithinMs: 40_000 });
			assert.equal(failure, null, failure ?? "");
			assert.ok(acked > 0 && seen > acked, `${acked} posts were acked and ${seen} entries seen: too little to show anything`);
		});
	}

	for (const broken of soonFound) {
		it(`are found to be wrong with nodes whose code is broken: ${broken}`, async () => {
			assert.ok(source);
			await source.breakNodes(broken);
			const { failure, runs } = await campaign(source, { runs: 4, seed: 1, plan, shrinkTries: 0 });
			assert.match(failure ?? `${runs} histories were found to be right`, /resume (repeats|skips)/);
		});
	}
});
