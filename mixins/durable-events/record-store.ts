import type { LeaseDocument } from "../lease/lease.ts";
import { StoreUnavailable } from "../store/errors.ts";
import type { CollectionSpec } from "../store/port.ts";
import { createStore, type Store } from "../store/store.ts";
import type { StoreProfile } from "../store/store-profile.ts";
import type { BusLogger, BusRecord, RecordStore } from "./bus.ts";
import { patiently } from "./patience.ts";

// The collections that the bus keeps for a service, beside those of the service itself.

type Collections = Record<string, BusRecord | LeaseDocument>;

const inboxSpec: CollectionSpec = {
	indexes: [
		{ name: "expires", fields: [["expiresAt", 1]], sparse: true },
		{ name: "dead", fields: [["deadAt", 1]], sparse: true },
		{ name: "due", fields: [["dueAt", 1]], sparse: true },
	],
};

const inboxName = (service: string): string => `${service.replace(/[^A-Za-z0-9]/g, "_")}_inbox`;

/** Their specs by name, for migrations. */
export const busCollections = (service: string): Record<string, CollectionSpec> => ({
	[inboxName(service)]: inboxSpec,
	leases: {},
});

/** Opens them as soon as the store is there. Throws DataFolderInUse, and `Stopping` when the signal aborts. */
export const openRecords = async (
	service: string,
	profile: StoreProfile | undefined,
	signal: AbortSignal,
	logger: BusLogger,
): Promise<{ records: RecordStore; store: Store<Collections> }> => {
	const store = createStore<Collections>({ collections: busCollections(service), profile, source: `/souk/${service}` });
	await patiently(() => store.open(), {
		heals: (error) => error instanceof StoreUnavailable,
		signal,
		onWait: (error) => logger.warn("the store of the bus's records is not there yet:", error),
	});
	const records = {
		service,
		inbox: store.collection<BusRecord>(inboxName(service)),
		leases: store.collection<LeaseDocument>("leases"),
	};
	return { records, store };
};
