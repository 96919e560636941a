import type { Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import { profile as profileOfProcess } from "../../config/profile.ts";
import type { Profile } from "../../config/profile-type.ts";
import { Stopping } from "../../mixins/durable-events/patience.ts";
import { health } from "../../mixins/health/health.mixin.ts";
import { everyUnderLease, type LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import { measured } from "../../mixins/metrics/metrics.ts";
import { openDatabase } from "../../mixins/store/mongo-backend.ts";
import type { CollectionSpec } from "../../mixins/store/port.ts";
import { type StoreMembers, type StoreMethods, store } from "../../mixins/store/store.mixin.ts";
import { currentStoreProfile, type StoreProfile } from "../../mixins/store/store-profile.ts";
import { chosenFeeds, type Feed } from "./catalogue.ts";
import { ChangeFeed } from "./feed.adapter.ts";
import { feedHealth } from "./feed-health.ts";
import { type Position, Positions } from "./position.adapter.ts";
import { MongoSource } from "./source.adapter.ts";
import { Tailer } from "./tailer.adapter.ts";

// The change feed: every change of a document that may leave the database, on JetStream. docs/decisions/0026-change-feed.md

export type CdcProfile = Pick<Profile, "kind" | "transporter" | "keyPrefix" | "jetstreamReplicas" | "leaseTimeout" | "cdc">;

interface CdcCollections {
	cdc_positions: Position;
	leases: LeaseDocument;
}

const collections: { readonly [K in keyof CdcCollections]: CollectionSpec } = { cdc_positions: {}, leases: {} };

interface Vars extends StoreMembers<CdcCollections> {
	profile: CdcProfile;
	stopping: AbortController;
	feeds: ReadonlyMap<string, Feed>;
	outlet: ChangeFeed | undefined;
	tailers: readonly Tailer[];
	/** What to undo at the end, in the order in which it was done. */
	undo: (() => unknown)[];
}

type Cdc = Service & Vars;

export class NeedsCluster extends Error {
	override readonly name = "NeedsCluster";
}

/** Between the end of a round, which something that was away ended, and the next. */
const roundEvery = 1_000;

const openFeed = ({ profile, broker, logger, stopping }: Cdc, transporter: string): Promise<ChangeFeed> =>
	ChangeFeed.open({
		...{
			transporter,
			prefix: profile.keyPrefix,
			keep: profile.cdc.keep,
			keepBytes: profile.cdc.keepBytes,
			replicas: profile.jetstreamReplicas,
		},
		...{ name: `${broker.nodeID} change feed`, logger, signal: stopping.signal },
	});

const follow = (service: Cdc, tailer: Tailer, everyMs: number): LeasedJob =>
	everyUnderLease({
		name: `cdc.${tailer.collection}`,
		leases: service.store.leases,
		timeoutMs: service.profile.leaseTimeout,
		everyMs,
		run: (signal) => tailer.run(signal),
		logger: service.logger,
	});

/** How far behind it is; of a collection that another node follows, nothing. */
const lagOf = (tailer: Tailer): number => {
	if (!tailer.follow) throw new Error("followed elsewhere");
	return tailer.lag;
};

const begin = async (service: Cdc, mongo: StoreProfile, pollEvery?: number): Promise<void> => {
	const { profile, broker, store: own, logger, undo } = service;
	if (profile.transporter === null || mongo.kind !== "mongo")
		throw new NeedsCluster("The service cdc follows MongoDB and publishes on NATS: set TRANSPORTER, MONGO_URL and REDIS_URL");
	const { database, close } = openDatabase(mongo.url, mongo.dbName);
	undo.push(close);
	const outlet = await openFeed(service, profile.transporter);
	service.outlet = outlet;
	undo.push(() => outlet.close());
	if (service.stopping.signal.aborted) throw new Stopping("stopped before the bus was there");
	const source = new MongoSource(database);
	const positions = new Positions(own.cdc_positions, broker.nodeID);
	service.tailers = [...service.feeds].map(
		([collection, feed]) => new Tailer({ collection, feed, source, positions, outlet, logger, pollEvery }),
	);
	const jobs = service.tailers.map((tailer) => follow(service, tailer, pollEvery ?? roundEvery));
	undo.push(() => Promise.all(jobs.map((job) => job.stop())));
	for (const tailer of service.tailers)
		undo.push(measured("cdc_lag_seconds", { collection: tailer.collection }, () => lagOf(tailer)));
};

const requireStore = async ({ storeHealth }: Vars): Promise<void> => {
	const { ok, detail } = await storeHealth();
	if (!ok) throw new Error(detail ?? "the store does not answer");
};

const requireBus = async ({ outlet }: Vars): Promise<void> => {
	if (!outlet?.connected) throw new Error("not connected");
};

const undoAll = async ({ undo }: Cdc): Promise<void> => {
	for (let step = undo.pop(); step; step = undo.pop()) await step();
};

/** After the store, so that it stops before it: how far it came is still written down. */
const following = ({ profile, database, pollEvery }: CdcOptions) =>
	({
		created(this: Cdc) {
			this.profile = profile ?? profileOfProcess();
			this.stopping = new AbortController();
			this.feeds = chosenFeeds(this.profile.cdc.collections); // long before the first server is waited for
			this.tailers = [];
			this.undo = [];
		},
		async started(this: Cdc) {
			try {
				await begin(this, database ?? currentStoreProfile(), pollEvery);
			} catch (error) {
				await undoAll(this);
				if (!(error instanceof Stopping)) throw error;
			}
		},
		async stopped(this: Cdc) {
			this.stopping.abort();
			await undoAll(this);
		},
	}) as Partial<ServiceSchema>;

export interface CdcOptions {
	/** Default: that of the process. */
	profile?: CdcProfile;
	/** Default: `currentStoreProfile()`. */
	database?: StoreProfile;
	/** For tests: between looks at a server without change streams, in ms. */
	pollEvery?: number;
}

export const cdc = (options: CdcOptions = {}): ServiceSchema<ServiceSettingSchema, StoreMethods, Vars> => ({
	name: "cdc",
	mixins: [
		health(function (this: Vars) {
			const locals = this.tailers.flatMap(({ collection, follow: known, inFlight }) =>
				known ? [[collection, { follow: known, inFlight }] as const] : [],
			);
			return {
				checks: { store: () => requireStore(this), bus: () => requireBus(this) },
				consumers: async () =>
					feedHealth(this.feeds.keys(), new Map(locals), await this.store.cdc_positions.find({}), clock.now()),
			};
		}),
		following(options),
		store<CdcCollections>({ main: "cdc_positions", collections, ...(options.database && { profile: options.database }) }),
	],
});

export default cdc();
