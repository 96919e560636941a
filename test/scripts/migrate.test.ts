import assert from "node:assert/strict";
import { runScript } from "../support/run-script.ts";
import { startSouk } from "../support/souk.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

describe("npm run migrate", () => {
	let dataDir: string;
	beforeEach(async () => {
		dataDir = await tempDir("migrate");
	});
	afterEach(() => removeDir(dataDir));

	const migrate = (...args: string[]) => runScript("migrate.ts", args, { DATA_DIR: dataDir });

	it("says what is missing, makes it, and takes it back", async () => {
		const before = await migrate("status");
		assert.equal(before.code, 1);
		assert.match(before.output, /orders \(.*orders.*\)\n {2}indexes: missing .*orders\.number/);
		assert.equal((await migrate("up")).code, 0);
		const after = await migrate("status");
		assert.equal(after.code, 0, after.output);
		assert.match(after.output, /indexes: complete\n {2}data: 0 of 0 steps/);
		assert.match(after.output, /orders .*\n {2}indexes: complete\n {2}data: (\d+) of \1 steps/);
		const steps = Number(/orders .*\n.*\n {2}data: (\d+)/.exec(after.output)?.[1]);
		// The data steps one by one, then the indexes.
		for (let down = 0; down <= steps; down++) assert.equal((await migrate("down", "orders")).code, 0);
		const back = await migrate("status");
		assert.match(back.output, /missing .*orders\.number/);
		assert.match(back.output, /auth .*\n {2}indexes: complete/);
	});

	it("is what a node with AUTO_MIGRATE=false waits for", async () => {
		await migrate("up");
		const souk = await startSouk({ dataDir, env: { AUTO_MIGRATE: "false" } });
		assert.equal((await souk.stop()).code, 0);
	});

	it("refuses while an instance holds the data, and names that process", async () => {
		const souk = await startSouk({ dataDir });
		try {
			const { code, output } = await migrate("up");
			assert.equal(code, 1);
			assert.match(output, new RegExp(`in use by process ${souk.pid}`));
		} finally {
			await souk.stop();
		}
	});

	it("refuses what it does not know, with how it is used", async () => {
		for (const args of [[], ["sideways"], ["up", "kitchen"]]) {
			const { code, output } = await migrate(...args);
			assert.equal(code, 64);
			assert.match(output, /npm run migrate -- up\|down\|status/);
		}
	});
});
