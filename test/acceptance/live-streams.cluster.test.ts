import { type LiveWorld, oneNodeWorld, threeNodesWorld } from "../support/live-world.ts";
import { needsOwn } from "../support/servers.ts";
import { inboxes } from "./inbox.suite.ts";
import { liveFollowing } from "./live-following.suite.ts";
import { liveResume } from "./live-resume.suite.ts";

const worlds = [
	{ title: "one node of a cluster", start: oneNodeWorld, missed: 10_000 },
	{ title: "three nodes, each a process of its own", start: threeNodesWorld, missed: 10_000 },
] as const;

for (const { title, start, missed } of worlds) {
	describe(`Live streams, ${title}`, function () {
		this.timeout(60_000);
		let world: LiveWorld;
		before(async function () {
			this.timeout(120_000);
			needsOwn(this, "nats", "mongod", "redis");
			world = await start();
		});
		after(() => world?.stop());

		describe("following", () => liveFollowing(() => world));
		describe("coming back", () => liveResume(() => world, missed));
		if (start === threeNodesWorld) describe("inboxes", () => inboxes(() => world));
	});
}
