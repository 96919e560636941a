import { BSON, type Db } from "mongodb";
import { databaseOf } from "../../mixins/store/mongo-backend.ts";
import { acquireClient, releaseClient } from "../../mixins/store/mongo-client.ts";
import { placeOfBus } from "./bus.ts";
import { withoutHoles } from "./holes.ts";
import type { Source } from "./source.ts";

interface Addresses {
	url: string;
	transporter: string | null;
	keyPrefix: string;
}

export const collectionsOf = async (database: Db): Promise<string[]> => {
	const listed = await database.listCollections({}, { nameOnly: true }).toArray();
	return listed.map(({ name }) => name);
};

/** Collections one after the other, while nodes go on: scripts/backup/order.ts. */
export const mongoSource = async ({ url, transporter, keyPrefix }: Addresses): Promise<Source> => {
	// Before any document: what a group has handled by now, it has noted by now.
	const bus = transporter ? await placeOfBus(transporter, keyPrefix) : null;
	const client = acquireClient(url);
	const database = client.db(databaseOf(url));
	return {
		store: "mongo",
		bus,
		collections: () => collectionsOf(database),
		async *lines(collection) {
			const found = database.collection(collection).find({}, { batchSize: 500, sort: { _id: 1 } });
			for await (const document of withoutHoles(found)) {
				yield BSON.EJSON.stringify(document, { relaxed: true });
			}
		},
		files: async () => [],
		close: () => releaseClient(client),
	};
};
