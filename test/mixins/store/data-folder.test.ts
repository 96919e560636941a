import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { DataFolderInUse } from "../../../mixins/store/data-folder.ts";
import { StoreUnavailable } from "../../../mixins/store/errors.ts";
import type { Document } from "../../../mixins/store/port.ts";
import { openStore } from "../../../mixins/store/store.ts";
import { nodeChild } from "../../support/node-child.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

const holder = resolve(import.meta.dirname, "../../support/store-holder.ts");

interface Thing extends Document {
	n: number;
}

describe("store (embedded): one process a data folder", () => {
	let dataDir = "";
	beforeEach(async () => {
		dataDir = await tempDir("folder");
	});
	afterEach(() => removeDir(dataDir));

	const open = () => openStore<{ things: Thing }>({ collections: { things: {} }, profile: { kind: "embedded", dataDir } });

	it("a second process is refused with the folder and the holder's pid", async function () {
		this.timeout(20_000);
		const store = await open();
		const second = nodeChild(holder, dataDir);
		assert.equal(await second.ended, 1);
		assert.match(second.lines[0] ?? "", /^DataFolderInUse: /);
		assert.ok(second.lines[0]?.includes(dataDir));
		assert.ok(second.lines[0]?.includes(`process ${process.pid}`));
		await store.things.create({ _id: "still works", n: 1 });
		await store.close();
	});

	it("this process is refused while another holds it, and may have it when that was killed", async function () {
		this.timeout(20_000);
		const first = nodeChild(holder, dataDir);
		await first.until(1);
		assert.equal(first.lines[0], "open");
		await assert.rejects(
			open(),
			(error) => error instanceof DataFolderInUse && error.pid === first.pid && error.folder === dataDir,
		);
		await first.kill("SIGKILL");
		assert.ok(existsSync(join(dataDir, "souk.pid")), "the dead holder's name is still there, and does not matter");
		const store = await open();
		assert.deepEqual(await store.things.create({ _id: "a", n: 1 }), { created: true, document: { _id: "a", n: 1 } });
		await store.close();
		assert.equal(existsSync(join(dataDir, "souk.pid")), false);
	});

	it("all services of a process share the file, and the last one closes it", async () => {
		const [one, two] = [await open(), await open()];
		await one.things.create({ _id: "a", n: 1 });
		assert.equal((await two.things.findById("a"))?.n, 1);
		await one.close();
		await one.close();
		assert.equal((await two.things.findById("a"))?.n, 1);
		await two.close();
		assert.throws(() => two.things, /not open/);
	});

	it("a folder that is missing is made, with those above it", async () => {
		dataDir = join(dataDir, "a", "b");
		await (await open()).close();
		assert.ok(existsSync(join(dataDir, "souk.db")));
	});

	it("closing carries out what was asked for, and refuses what comes later", async () => {
		const store = await open();
		const { things } = store;
		const pending = Promise.all(Array.from({ length: 600 }, (_, n) => things.create({ _id: `n${n}`, n })));
		await store.close();
		assert.equal((await pending).length, 600);
		await assert.rejects(things.create({ _id: "late", n: 1 }), StoreUnavailable);
		await assert.rejects(things.findById("n1"), StoreUnavailable);
		const again = await open();
		assert.equal(await again.things.count(), 600);
		assert.equal(await again.things.findById("late"), null);
		await again.close();
	});
});
