import assert from "node:assert/strict";
import type { Query } from "../../../mixins/store/port.ts";
import { SqliteCollection } from "../../../mixins/store/sqlite-collection.ts";
import { acquireDatabase, releaseDatabase, type SqliteDatabase } from "../../../mixins/store/sqlite-database.ts";
import { between, type StreamRow, streamRows } from "../../../mixins/stream-log/stream-row.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

const range = between("s", 3, 90);

const served: readonly [why: string, query: Query, index: string][] = [
	["a range forwards", { where: range, sort: [["_id", 1]], limit: 5 }, "sqlite_autoindex"],
	["a range backwards, and so the tail", { where: range, sort: [["_id", -1]], limit: 5 }, "sqlite_autoindex"],
	["what was posted under ids", { where: { stream: "s", from: { $in: ["a"] }, id: { $in: ["x", "y"] } } }, "entries.posted"],
	["all that one person posted", { where: { stream: "s", from: "a", id: { $gt: "" } }, sort: [["id", 1]], limit: 5 }, "entries.posted"], // biome-ignore format: table
];

describe("stream log (embedded): indexes", () => {
	let dataDir = "";
	let database: SqliteDatabase;
	let rows: SqliteCollection<StreamRow>;
	before(async () => {
		dataDir = await tempDir("log-indexes");
		database = acquireDatabase(dataDir);
		rows = new SqliteCollection<StreamRow>(database, "entries", streamRows);
		await rows.ensureIndexes();
	});
	after(async () => {
		releaseDatabase(database);
		await removeDir(dataDir);
	});

	for (const [why, query, index] of served) {
		it(`${why}: by an index, in its order`, () => {
			const steps = rows.explain(query);
			assert.ok(steps.some((step) => step.startsWith("SEARCH") && step.includes(index)), steps.join("; ")); // biome-ignore format: one line
			assert.ok(!steps.some((step) => step.includes("TEMP B-TREE")), steps.join("; "));
		});
	}
});
