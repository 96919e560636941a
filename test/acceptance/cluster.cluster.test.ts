import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { orderFlow } from "./order-flow.suite.ts";

describe("Orders over HTTP, each service a process of its own", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway"] },
				{ services: ["auth"] },
				{ services: ["orders"] },
				{ services: ["payment"] },
				{ services: ["payment"] },
			],
		});
	});
	after(() => cluster?.stop());

	orderFlow(() => cluster.api);
});
