import type { DbAdapter } from "moleculer-db";
import { mongoBackend } from "./mongo-backend.ts";
import type { Collection, CollectionAdmin, CollectionSpec, Document } from "./port.ts";
import { sqliteBackend } from "./sqlite-backend.ts";
import type { StoreProfile } from "./store-profile.ts";

export type BackendCollection<T extends Document> = Collection<T> & CollectionAdmin;

/** An open store of one kind. Used by store.ts alone. */
export interface Backend {
	collection<T extends Document>(name: string, spec: CollectionSpec): BackendCollection<T>;
	/** For moleculer-db, over a collection of this backend. */
	adapter(collection: BackendCollection<Document>): DbAdapter;
	/** Throws StoreUnavailable. */
	ping(): Promise<void>;
	close(): Promise<void>;
}

/** Throws StoreUnavailable when the store cannot be reached (worth another try), DataFolderInUse when another process has it (not worth one). */
export const openBackend = async (profile: StoreProfile): Promise<Backend> => {
	const backend = profile.kind === "mongo" ? mongoBackend(profile.url, profile.dbName) : sqliteBackend(profile.dataDir);
	try {
		await backend.ping();
	} catch (error) {
		await backend.close();
		throw error;
	}
	return backend;
};
