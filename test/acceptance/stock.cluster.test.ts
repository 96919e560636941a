import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { lastPieces } from "./stock.suite.ts";

describe("The last pieces of a product, on a cluster with two nodes that take orders", function () {
	this.timeout(90_000);
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

	lastPieces(() => cluster.api);
});
