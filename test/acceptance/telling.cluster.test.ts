import { needsOwn } from "../support/servers.ts";
import { clusterTelling, type TellingWorld } from "../support/telling-world.ts";
import { telling } from "./telling.suite.ts";

describe("What people are told, inboxes and conversations on several nodes", function () {
	this.timeout(60_000);
	let world: TellingWorld;
	before(async function () {
		this.timeout(120_000);
		needsOwn(this, "nats", "mongod", "redis");
		world = await clusterTelling();
	});
	after(() => world?.stop());

	telling(() => world);
});
