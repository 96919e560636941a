import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { unpaidEnv, unpaidOrders } from "./unpaid.suite.ts";

describe("Orders that nobody pays for, in a cluster", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "chat", "notification", "email"] },
				{ services: ["orders"] },
				{ services: ["orders", "payment"] },
				{ services: ["payment"] },
			],
			env: unpaidEnv,
		});
	});
	after(() => cluster?.stop());

	unpaidOrders(() => cluster.api);
});
