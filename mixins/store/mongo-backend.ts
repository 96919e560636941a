import type { Db } from "mongodb";
import type { Backend } from "./backend.ts";
import { SoukMongoAdapter } from "./mongo-adapter.ts";
import { acquireClient, releaseClient } from "./mongo-client.ts";
import { MongoCollection } from "./mongo-collection.ts";
import { readError } from "./mongo-errors.ts";

const defaultDatabase = "souk";

/** The driver's own default is "test", which nobody means. */
export const databaseOf = (url: string): string => {
	const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(url)?.[1];
	return path ? decodeURIComponent(path) : defaultDatabase;
};

/** For what is no collection of ours: the driver's own view of the database. `close` once it is not needed any more. */
export const openDatabase = (url: string, dbName?: string): { database: Db; close: () => Promise<void> } => {
	const client = acquireClient(url);
	let open = true;
	const close = async (): Promise<void> => {
		if (open) await releaseClient(client);
		open = false;
	};
	return { database: client.db(dbName ?? databaseOf(url)), close };
};

export const mongoBackend = (url: string, dbName?: string): Backend => {
	const { database, close } = openDatabase(url, dbName);
	return {
		collection: (name, spec) => new MongoCollection(database.collection(name), spec),
		adapter: ({ name }) => new SoukMongoAdapter(database.collection(name)),
		async ping() {
			try {
				await database.command({ ping: 1 });
			} catch (error) {
				throw readError(error);
			}
		},
		// Its files, journal and oplog are the server's: docs/decisions/0030-retention-and-erasure.md.
		async scrub() {},
		close,
	};
};
