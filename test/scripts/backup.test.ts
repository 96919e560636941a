import assert from "node:assert/strict";
import { type LosableWorld, losableProcess } from "../support/losable-world.ts";
import { runScript } from "../support/run-script.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import { backupAndRestore } from "./backup.suite.ts";

describe("A backup of one process", function () {
	this.timeout(180_000);
	let world: LosableWorld;
	before(async () => {
		world = await losableProcess();
	});
	after(() => world?.stop());

	const elsewhere = async (folder: string): Promise<void> => {
		const DATA_DIR = await tempDir("elsewhere");
		const put = await runScript("restore.ts", [folder], { DATA_DIR });
		assert.equal(put.code, 0, put.output);
		const status = await runScript("migrate.ts", ["status"], { DATA_DIR });
		assert.doesNotMatch(status.output, /indexes: missing/);
		await removeDir(DATA_DIR);
	};

	backupAndRestore(
		() => world,
		// A power failure leaves a log beside the database that must not be played into another one.
		[{ title: "when it is put over what a killed process left", documents: false, bus: false, options: ["--replace"] }],
		(folder) => {
			it("goes into an empty folder too, with every index", () => elsewhere(folder()));
		},
	);
});
