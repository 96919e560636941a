import type { DbAdapter } from "moleculer-db";
import type { Collection, CollectionAdmin, CollectionSpec, Document } from "./port.ts";
import type { StoreProfile } from "./store-profile.ts";

export type BackendCollection<T extends Document> = Collection<T> & CollectionAdmin;

/** An open store of one kind. Used by store.ts alone. */
export interface Backend {
	collection<T extends Document>(name: string, spec: CollectionSpec): BackendCollection<T>;
	/** For moleculer-db, over a collection of this backend. */
	adapter(collection: BackendCollection<Document>): DbAdapter;
	/** Throws StoreUnavailable. */
	ping(): Promise<void>;
	/** What was removed or replaced before is not legible in our files any more, as far as that is up to us. */
	scrub(): Promise<void>;
	close(): Promise<void>;
}

/** Only the kind that is used is loaded: the driver of the other one would stay in the memory of every process for nothing. */
const backendOf = async (profile: StoreProfile): Promise<Backend> => {
	if (profile.kind === "mongo") return (await import("./mongo-backend.ts")).mongoBackend(profile.url, profile.dbName);
	return (await import("./sqlite-backend.ts")).sqliteBackend(profile.dataDir);
};

/** Throws StoreUnavailable when the store cannot be reached (worth another try), DataFolderInUse when another process has it (not worth one). */
export const openBackend = async (profile: StoreProfile): Promise<Backend> => {
	const backend = await backendOf(profile);
	try {
		await backend.ping();
	} catch (error) {
		await backend.close();
		throw error;
	}
	return backend;
};
