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

export const mongoBackend = (url: string, dbName?: string): Backend => {
	const client = acquireClient(url);
	const database = client.db(dbName ?? databaseOf(url));
	let open = true;
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
		async close() {
			if (open) await releaseClient(client);
			open = false;
		},
	};
};
