import { existsSync } from "node:fs";
import { mkdtemp, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { openBackend } from "../../mixins/store/backend.ts";
import { makeDataFolder } from "../../mixins/store/data-folder.ts";
import { acquireDatabase, releaseDatabase } from "../../mixins/store/sqlite-database.ts";
import type { Target } from "./target.ts";

const countIn = (dataDir: string): number => {
	const database = acquireDatabase(dataDir);
	try {
		const tables = database.raw
			.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'c\\_%' ESCAPE '\\'")
			.all();
		return tables.reduce(
			(sum, { name }) => sum + Number(database.raw.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n),
			0,
		);
	} finally {
		releaseDatabase(database);
	}
};

/** A log that stayed beside the database would be played into the new one. */
const emptyLog = (dataDir: string): void => {
	const database = acquireDatabase(dataDir);
	database.raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
	releaseDatabase(database);
};

/** A new database beside the old one, which takes its place in one step when it is whole. */
export const embeddedTarget = (dataDir: string): Target => {
	makeDataFolder(dataDir);
	const path = join(dataDir, "souk.db");
	let scratch: string | undefined;
	return {
		countPresent: async () => (existsSync(path) ? countIn(dataDir) : 0),
		// Opening it is the question: DataFolderInUse.
		refuseIfInUse: async () => emptyLog(dataDir),
		async begin() {
			scratch = await mkdtemp(join(dataDir, "restore-"));
			return openBackend({ kind: "embedded", dataDir: scratch });
		},
		async finish() {
			if (!scratch) throw new Error("nothing was begun");
			emptyLog(scratch);
			emptyLog(dataDir);
			await rename(join(scratch, "souk.db"), path);
			const folder = await open(dataDir);
			await folder.sync();
			await folder.close();
		},
		async close() {
			if (scratch) await rm(scratch, { recursive: true, force: true });
		},
	};
};
