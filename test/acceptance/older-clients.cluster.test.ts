import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { olderChat } from "./older-chat.suite.ts";
import { olderCustomers } from "./older-customers.suite.ts";
import { olderNotifications } from "./older-notifications.suite.ts";
import { olderShop } from "./older-shop.suite.ts";

describe("Older clients, on a cluster", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway"] },
				{ services: ["auth"] },
				{ services: ["orders", "payment", "chat", "notification", "email"] },
			],
		});
	});
	after(() => cluster?.stop());

	olderShop(() => cluster.api);
	olderCustomers(() => cluster.api);
	olderChat(() => cluster.api);
	olderNotifications(() => cluster.api);
});
