import { embeddedTelling, type TellingWorld } from "../support/telling-world.ts";
import { telling } from "./telling.suite.ts";

describe("What people are told, everything in one process", function () {
	this.timeout(60_000);
	let world: TellingWorld;
	before(async () => {
		world = await embeddedTelling();
	});
	after(() => world?.stop());

	telling(() => world);
});
