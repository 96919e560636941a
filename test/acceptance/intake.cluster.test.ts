import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { intake } from "./intake.suite.ts";

describe("Order documents of other systems, on a cluster", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "chat", "notification", "email"] },
				{ services: ["orders", "payment"] },
				{ services: ["orders", "payment"] },
			],
		});
	});
	after(() => cluster?.stop());

	intake(() => cluster.api);
});
