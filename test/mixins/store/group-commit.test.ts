import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { DuplicateKey, StoreUnavailable } from "../../../mixins/store/errors.ts";
import type { Document } from "../../../mixins/store/port.ts";
import { SqliteCollection } from "../../../mixins/store/sqlite-collection.ts";
import { acquireDatabase, releaseDatabase, type SqliteDatabase } from "../../../mixins/store/sqlite-database.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

interface Thing extends Document {
	code?: string;
	body?: string;
	n?: number;
}

describe("store (embedded): group commit", () => {
	let dataDir = "";
	let database: SqliteDatabase;
	let things: SqliteCollection<Thing>;
	beforeEach(async () => {
		dataDir = await tempDir("commit");
		database = acquireDatabase(dataDir);
		things = new SqliteCollection(database, "things", {
			indexes: [{ name: "code", fields: [["code", 1]], unique: true, sparse: true }],
		});
		await things.ensureIndexes();
	});
	afterEach(async () => {
		releaseDatabase(database);
		await removeDir(dataDir);
	});

	const pragma = (name: string): unknown => Object.values(database.raw.prepare(`PRAGMA ${name}`).get() ?? {})[0];
	/** Each transaction adds the pages that it changed, once. */
	const walSize = (): number => statSync(join(dataDir, "souk.db-wal")).size;
	const big = "x".repeat(20_000);

	it("is fsynced before it is answered", () => {
		assert.deepEqual([pragma("journal_mode"), pragma("synchronous"), pragma("locking_mode")], ["wal", 2, "exclusive"]);
	});

	it("writes of one turn of the event loop share a transaction, and are not seen before it ends", async () => {
		const begun: boolean[] = [];
		const writes = Array.from({ length: 100 }, (_, n) =>
			database.queue.run(() => {
				begun.push(database.raw.isTransaction);
				return n;
			}),
		);
		const created = things.create({ _id: "a", n: 1 });
		assert.equal(await things.findById("a"), null);
		assert.deepEqual(begun, []);
		const walBefore = walSize();
		assert.deepEqual(
			await Promise.all(writes),
			writes.map((_, n) => n),
		);
		await created;
		assert.deepEqual(new Set(begun), new Set([true]));
		assert.equal(database.raw.isTransaction, false);
		assert.equal((await things.findById("a"))?.n, 1);
		assert.ok(walSize() > walBefore, "what was answered is in the log");
	});

	it("a hundred writes cost the log little more than one", async () => {
		const grown = async (write: () => Promise<unknown>): Promise<number> => {
			const before = walSize();
			await write();
			return walSize() - before;
		};
		const one = await grown(() => things.create({ _id: "one" }));
		const hundred = await grown(() => Promise.all(Array.from({ length: 100 }, (_, n) => things.create({ _id: `n${n}` }))));
		const apart = await grown(async () => {
			for (let n = 0; n < 10; n++) await things.create({ _id: `apart${n}` });
		});
		assert.ok(hundred < 10 * one, `${hundred} bytes for a hundred at once, ${one} for one`);
		assert.ok(apart > hundred, `${apart} bytes for ten apart`);
	});

	it("what fails is undone alone, what it had written before it failed too", async () => {
		const insert = database.raw.prepare(`INSERT INTO "c_things" (id, body) VALUES (?, ?)`);
		const failing = database.queue.run(() => {
			insert.run("half", '{"_id":"half"}');
			throw new Error("on second thoughts");
		});
		const others = Promise.all([things.create({ _id: "a" }), things.create({ _id: "b" })]);
		await assert.rejects(failing, /on second thoughts/);
		await others;
		assert.deepEqual((await things.find({ sort: [["_id", 1]] })).map(({ _id }) => _id), ["a", "b"]); // biome-ignore format: one line
	});

	it("a taken key in the midst of many harms only its own write", async () => {
		await things.create({ _id: "first", code: "taken" });
		const results = await Promise.allSettled(
			Array.from({ length: 300 }, (_, n) => things.create({ _id: `n${n}`, code: n % 10 === 0 ? "taken" : `c${n}` })),
		);
		const failed = results.filter((result) => result.status === "rejected");
		assert.equal(failed.length, 30);
		assert.ok(failed.every(({ reason }) => reason instanceof DuplicateKey));
		assert.equal(await things.count(), 271);
	});

	describe("when the disk is full", () => {
		const fill = (): void => {
			database.raw.exec(`PRAGMA max_page_count=${pragma("page_count")}`);
		};
		const room = (): void => {
			database.raw.exec("PRAGMA max_page_count=1073741823");
		};

		it("a write is refused with StoreUnavailable, nothing of it is there, and reads go on", async () => {
			await things.create({ _id: "before", n: 1 });
			fill();
			await assert.rejects(things.create({ _id: "too much", body: big }), StoreUnavailable);
			await assert.rejects(things.update({ _id: "before" }, { $set: { body: big, n: 2 } }), StoreUnavailable);
			await assert.rejects(
				things.createMany(Array.from({ length: 50 }, (_, n) => ({ _id: `many${n}`, body: "x".repeat(500) }))),
				StoreUnavailable,
			);
			assert.deepEqual(await things.find({}), [{ _id: "before", n: 1 }]);
			room();
			await things.create({ _id: "after", body: big });
			assert.equal(await things.count(), 2);
		});

		it("of a batch that runs into it, what was refused is not there and what was acknowledged is", async () => {
			fill();
			const ids = Array.from({ length: 200 }, (_, n) => `n${n}`);
			const results = await Promise.allSettled(
				ids.map((_id, n) => things.create({ _id, n, body: "x".repeat(n % 7 === 0 ? 9_000 : 50) })),
			);
			room();
			const stored = new Set((await things.find({})).map(({ _id }) => _id));
			assert.ok(results.some(({ status }) => status === "rejected"));
			results.forEach((result, n) => {
				assert.equal(stored.has(`n${n}`), result.status === "fulfilled", `n${n}`);
				if (result.status === "rejected") assert.ok(result.reason instanceof StoreUnavailable);
			});
			assert.equal(database.raw.isTransaction, false);
		});

		it("a commit that fails refuses its whole batch and leaves nothing half-written", async () => {
			// The deferred check of a foreign key is the one thing that makes COMMIT itself fail on demand.
			database.raw.exec("PRAGMA foreign_keys=ON; CREATE TABLE parent (id INTEGER PRIMARY KEY); ");
			database.raw.exec("CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
			const orphan = database.queue.run(() => database.raw.exec("INSERT INTO child VALUES (7)"));
			const innocent = things.create({ _id: "innocent" });
			await assert.rejects(orphan, (error) => error instanceof StoreUnavailable && /FOREIGN KEY/.test(error.message));
			await assert.rejects(innocent, StoreUnavailable);
			assert.equal(await things.findById("innocent"), null);
			assert.equal(database.raw.isTransaction, false);
			await things.create({ _id: "next" });
		});
	});
});
