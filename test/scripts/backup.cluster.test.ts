import { type LosableWorld, losableCluster } from "../support/losable-world.ts";
import { needsOwn } from "../support/servers.ts";
import { backupAndRestore } from "./backup.suite.ts";

describe("A backup of a cluster", function () {
	this.timeout(60_000);
	let world: LosableWorld;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		world = await losableCluster();
	});
	after(() => world?.stop());

	backupAndRestore(
		() => world,
		[
			{ title: "when the database is gone and JetStream is not", documents: true, bus: false, options: [] },
			{
				title: "when JetStream is gone and the database is not",
				documents: false,
				bus: true,
				options: ["--replace", "--skip-codes", "2000"],
			},
		],
	);
});
