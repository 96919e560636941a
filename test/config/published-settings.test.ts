import assert from "node:assert/strict";
import { SoukProcess } from "../support/souk-process.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

// Moleculer publishes the settings and metadata of every service to every node (test/contract/moleculer-wire.cluster.test.ts).

describe("what a node publishes about itself", () => {
	it("holds no secret that it was started with", async () => {
		const dataDir = await tempDir("published");
		const secret = "do-not-tell-anybody";
		const stripeKey = "sk_test_doNotTellAnybody";
		const node = new SoukProcess(
			{
				DATA_DIR: dataDir,
				ADMIN_EMAIL: "admin@souk.example",
				ADMIN_PASSWORD: secret,
				WEBHOOK_SECRETS: secret,
				STRIPE_SECRET_KEY: stripeKey,
				PUBLIC_URL: "https://souk.example",
				REDIS_URL: `redis://:${secret}@127.0.0.1:1`,
				LOG_LEVEL: "fatal",
			},
			"test/config/fixtures/node-info.ts",
		);
		try {
			node.spawn();
			const { code } = await node.exited();
			assert.equal(code, 0, node.logs);
			const published = /^published (.*)$/m.exec(node.logs)?.[1] ?? "";
			const names = JSON.parse(published).services.map((service: { name: string }) => service.name);
			for (const name of ["gateway", "auth", "orders", "payment", "chat", "notification"]) assert.ok(names.includes(name), name);
			for (const one of [secret, stripeKey]) assert.ok(!published.includes(one), published);
		} finally {
			await node.kill();
			await removeDir(dataDir);
		}
	});
});
