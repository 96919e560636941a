import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { copyDatabase } from "../../../mixins/store/sqlite-copy.ts";
import { openStore } from "../../../mixins/store/store.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

interface Step {
	_id: string;
	n: number;
	text: string;
}

describe("a copy of the embedded database", () => {
	it("is made while the process writes without a pause, and holds all that was durable before it", async function () {
		this.timeout(60_000);
		const dataDir = await tempDir("copied");
		const store = await openStore<{ steps: Step }>({ collections: { steps: {} }, profile: { kind: "embedded", dataDir } });
		let written = 0;
		let over = false;
		const row = (n: number): Step => ({ _id: String(n).padStart(8, "0"), n, text: "x".repeat(500) });
		const write = async (): Promise<void> => {
			// In one transaction: most of the time one is open.
			for (; !over; written += 100) await store.steps.createMany(Array.from({ length: 100 }, (_, index) => row(written + index)));
		};
		const writing = write();
		try {
			for (let copies = 0; copies < 25; copies++) {
				const before = written;
				const path = join(dataDir, `copy-${copies}.db`);
				await copyDatabase(dataDir, path);
				const copy = new DatabaseSync(path);
				const numbers = copy
					.prepare("SELECT json_extract(body, '$.n') AS n FROM c_steps ORDER BY id")
					.all()
					.map(({ n }) => n);
				assert.ok(numbers.length >= before, `${numbers.length} of ${before}`);
				assert.deepEqual(numbers, numbers.map((_n, index) => index)); // biome-ignore format: one line
				assert.equal(copy.prepare("PRAGMA integrity_check").get()?.integrity_check, "ok");
				copy.close();
			}
		} finally {
			over = true;
			await writing;
			await store.close();
			await removeDir(dataDir);
		}
	});
});
