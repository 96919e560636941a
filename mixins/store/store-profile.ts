// Where the documents of this process are. moleculer.config.ts sets it once at start; tests set it, or give a store its own by option.

interface Common {
	/** Make missing indexes when a service starts (default), or leave that to `npm run migrate`. */
	readonly autoMigrate?: boolean;
	/** How old an event in an outbox must be before the sweeper takes it for orphaned, in ms. Default 10,000. */
	readonly outboxGrace?: number;
}

export type StoreProfile = Common &
	(
		| {
				/** One SQLite file under `dataDir`, held by this process. */
				readonly kind: "embedded";
				readonly dataDir: string;
		  }
		| {
				/** A MongoDB replica set. `dbName` wins over the one in the URL; without either it is "souk". */
				readonly kind: "mongo";
				readonly url: string;
				readonly dbName?: string;
		  }
	);

let current: StoreProfile | undefined;

export const setStoreProfile = (profile: StoreProfile | undefined): void => {
	current = profile;
};

/** Throws if nobody has set it: a service must never fall back silently to a store that it was not told to use. */
export const currentStoreProfile = (): StoreProfile => {
	if (!current) throw new Error("no store profile: call setStoreProfile() before the first service is created");
	return current;
};
