import type { Backend } from "./backend.ts";
import { SqliteAdapter } from "./sqlite-adapter.ts";
import { SqliteCollection } from "./sqlite-collection.ts";
import { acquireDatabase, releaseDatabase } from "./sqlite-database.ts";

/** Throws DataFolderInUse. */
export const sqliteBackend = (dataDir: string): Backend => {
	const database = acquireDatabase(dataDir);
	let open = true;
	return {
		collection: (name, spec) => new SqliteCollection(database, name, spec),
		adapter: (collection) => new SqliteAdapter(collection),
		async ping() {
			database.read(() => database.raw.exec("SELECT 1"));
		},
		scrub: () => database.scrub(),
		async close() {
			if (open) releaseDatabase(database);
			open = false;
		},
	};
};
