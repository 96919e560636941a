import assert from "node:assert/strict";
import { runScript } from "../support/run-script.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";

describe("npm run produce, to the bus", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [{ services: ["gateway", "auth", "chat", "notification", "email"] }, { services: ["orders", "payment"] }],
		});
	});
	after(() => cluster?.stop());

	it("says what became of each document, also when they are sent again", async () => {
		for (let run = 0; run < 2; run++) {
			const { code, output } = await runScript(
				"produce.ts",
				["--count", "200", "--rate", "0", "--seed", "5", "--to", "bus", "--url", cluster.url],
				{ ...cluster.env },
			);
			assert.equal(code, 0, output);
			assert.match(output, /sent 200, accepted 160, refused 40/);
		}
	});
});
