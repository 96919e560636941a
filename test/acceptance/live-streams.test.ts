import { embeddedWorld, type LiveWorld } from "../support/live-world.ts";
import { inboxes } from "./inbox.suite.ts";
import { liveFollowing } from "./live-following.suite.ts";
import { liveResume } from "./live-resume.suite.ts";

describe("Live streams, everything in one process", function () {
	this.timeout(60_000);
	let world: LiveWorld;
	before(async () => {
		world = await embeddedWorld();
	});
	after(() => world?.stop());

	describe("following", () => liveFollowing(() => world));
	describe("coming back", () => liveResume(() => world, 10_000));
	describe("inboxes", () => inboxes(() => world));
});
