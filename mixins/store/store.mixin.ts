import { setTimeout as delay } from "node:timers/promises";
import type { Service, ServiceSchema } from "moleculer";
import DbService, { type DbAdapter, type MoleculerDbMethods } from "moleculer-db";
import { StoreUnavailable } from "./errors.ts";
import type { CollectionSpec, Document } from "./port.ts";
import { createStore, type Store, type StoreHealth } from "./store.ts";
import type { StoreProfile } from "./store-profile.ts";

// What a service mixes in to have documents. List it last in `mixins`: Moleculer starts the last mixin first and stops it last,
// so everything else finds the store open, also while it ends.

export interface StoreMixinOptions<C> {
	/** The collection that moleculer-db's methods (`this._find`, `this._get` …) read. */
	main: keyof C & string;
	collections: { readonly [K in keyof C]: CollectionSpec };
	/** Default: `currentStoreProfile()`. */
	profile?: StoreProfile;
}

/** Members of `this` in a service with this mixin: add it to the Methods or Vars of its `ServiceSchema`. */
export interface StoreMembers<C> {
	store: Store<C>;
	adapter: DbAdapter;
	storeHealth(): Promise<StoreHealth>;
}

export type StoreMethods = MoleculerDbMethods;

type This = Service & StoreMembers<Record<string, Document>> & Pick<MoleculerDbMethods, "connect"> & { storeStopping: boolean };

const retryEvery = 1_000;

/** moleculer-db's own start would try for ever, also where another try cannot help, and its stop is not the last thing to happen. */
const {
	started: _started,
	stopped: _stopped,
	actions,
	...dbService
} = DbService as unknown as ServiceSchema & { actions: object };

/** Deny by default: `create`, `update` … of moleculer-db would let any caller write any field. */
const noActions = Object.fromEntries(Object.keys(actions).map((name) => [name, false]));

async function openWithRetry(this: This): Promise<void> {
	for (;;) {
		try {
			return await this.store.open();
		} catch (error) {
			if (!(error instanceof StoreUnavailable) || this.storeStopping) throw error;
			this.logger.warn(`The store is not there yet, next try in ${retryEvery} ms: ${error.message}`);
		}
		await delay(retryEvery);
	}
}

/**
 * A service mixin over moleculer-db with `this.store.<collection>` (see port.ts), `this.adapter` for moleculer-db's methods on the
 * main collection, and `this.storeHealth()`. Its start waits for the store and fails with `DataFolderInUse` if another process has it.
 */
export const store = <C extends { [K in keyof C]: Document }>(options: StoreMixinOptions<C>): Partial<ServiceSchema> => {
	const { main, collections, profile } = options;
	const schema = {
		...dbService,
		actions: noActions,
		// moleculer-db must find an adapter when it is created, and this one has nothing to copy or to connect.
		merged(merged: { adapter?: unknown }) {
			merged.adapter = { init: () => undefined };
		},
		created: [
			...[dbService.created ?? []].flat(),
			function (this: This) {
				this.storeStopping = false;
				this.store = createStore<C>({ collections, profile, source: `/souk/${this.name}` }) as unknown as This["store"];
			},
		],
		async started(this: This) {
			await openWithRetry.call(this);
			this.adapter = this.store.adapter(main);
			this.adapter.init(this.broker, this);
			await this.connect();
		},
		async stopped(this: This) {
			this.storeStopping = true;
			await this.store.close();
		},
		methods: {
			...dbService.methods,
			storeHealth(this: This) {
				return this.store.health();
			},
		},
	};
	return schema as unknown as Partial<ServiceSchema>; // the one cast: Moleculer's types know no `merged` and no types of mixins
};
