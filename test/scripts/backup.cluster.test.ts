import assert from "node:assert/strict";
import { join } from "node:path";
import { httpClient } from "../support/http.ts";
import { type LosableWorld, losableCluster } from "../support/losable-world.ts";
import { openMarket, signInAgain } from "../support/market.ts";
import { runScript } from "../support/run-script.ts";
import { needsOwn } from "../support/servers.ts";
import { startSouk } from "../support/souk.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { backupAndRestore } from "./backup.suite.ts";

describe("A backup of a cluster", function () {
	this.timeout(180_000);
	let world: LosableWorld;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		world = await losableCluster();
	});
	after(() => world?.stop());

	// What was told since is still on the bus, about documents that are not there any more.
	backupAndRestore(
		() => world,
		[{ title: "when the database is gone and JetStream is not", documents: true, bus: false, options: [] }],
	);

	describe("made by a single process", () => {
		it("goes into an empty cluster, where its orders go on", async () => {
			const folder = join(await tempDir("moving"), "out");
			const small = await startSouk({ env: { LOG_LEVEL: "warn" } });
			const shop = await openMarket(httpClient(small.url));
			const old = await shop.until((await shop.place({ paymentMethod: "sandbox_success" })).id, "paid");
			type Group = { lag: number; inFlight: number };
			const groups = async (): Promise<Group[]> => (await small.api.get("/health")).body.consumers;
			await until("all to be done", groups, (all) => all.every(({ lag, inFlight }) => lag + inFlight === 0));
			const newOrder = { items: [{ productId: shop.productId, quantity: 1 }] };
			const made = await runScript("backup.ts", [folder], { DATA_DIR: small.dataDir });
			assert.equal(made.code, 0, made.output);
			await small.stop();

			await world.kill();
			await world.lose({ documents: true, bus: true });
			const put = await runScript("restore.ts", [folder], world.env);
			assert.equal(put.code, 0, put.output);
			await world.start();
			await signInAgain(world.api, shop.buyer);
			const say = { token: shop.buyer.token };
			const moved = await world.api.get(`/v1/orders/${old.id}`, say);
			assert.deepEqual([moved.status, moved.body.status, moved.body.version], [200, "paid", old.version]);
			const next = await world.api.post("/v1/orders", newOrder, say);
			assert.equal(next.status, 201, next.text);
			assert.ok(next.body.code > old.code, `${next.body.code} after ${old.code}`);
			const read = async (): Promise<string> => (await world.api.get(`/v1/orders/${next.body.id}`, say)).body.status;
			await until("the next order to be paid", read, (status) => status === "paid");
			await removeDir(join(folder, ".."));
		});
	});
});
