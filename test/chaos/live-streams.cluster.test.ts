import assert from "node:assert/strict";
import { needsOwn } from "../support/servers.ts";
import { campaign } from "./campaign.ts";
import { clusterWorlds } from "./cluster/world.ts";
import type { WorldSource } from "./world.ts";

// `npm run chaos -- --runs 1000` plays more of them, from any seed.

const histories = 8;
const firstSeed = 1;

describe("random histories of the live streams on a cluster", function () {
	this.timeout(180_000);
	let source: WorldSource | undefined;

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		source = await clusterWorlds();
	});
	after(() => source?.close());

	for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
		it(`keep every promise from seed ${seed}`, async () => {
			assert.ok(source);
			const { failure, acked, seen } = await campaign(source, { runs: 1, seed, shrinkTries: 3 });
			assert.equal(failure, null, failure ?? "");
			assert.ok(acked > 0 && seen > acked, `${acked} posts were acked and ${seen} entries seen: too little to show anything`);
		});
	}
});
