import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { chatFlow } from "./chat.suite.ts";
import { orderFlow } from "./order-flow.suite.ts";

describe("Souk over HTTP, each service a process of its own", function () {
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
				{ services: ["chat"] },
				{ services: ["chat"] },
				{ services: ["notification", "email"] },
			],
		});
	});
	after(() => cluster?.stop());

	describe("orders", () => orderFlow(() => cluster.api));
	describe("conversations", () => chatFlow(() => cluster.api));
});
