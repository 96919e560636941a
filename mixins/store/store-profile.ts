// Where the documents of this process are. config/ sets it once at start; tests set it, or give a store its own by option.

export type StoreProfile =
	/** One SQLite file under `dataDir`, held by this process. */
	| { readonly kind: "embedded"; readonly dataDir: string }
	/** A MongoDB replica set. `dbName` wins over the one in the URL; without either it is "souk". */
	| { readonly kind: "mongo"; readonly url: string; readonly dbName?: string };

let current: StoreProfile | undefined;

export const setStoreProfile = (profile: StoreProfile | undefined): void => {
	current = profile;
};

/** Throws if nobody has set it: a service must never fall back silently to a store that it was not told to use. */
export const currentStoreProfile = (): StoreProfile => {
	if (!current) throw new Error("no store profile: call setStoreProfile() before the first service is created");
	return current;
};
