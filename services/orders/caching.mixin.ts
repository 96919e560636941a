import type { Context, ServiceSchema, ServiceSettingSchema } from "moleculer";
import { profile } from "../../config/profile.ts";
import type { Profile } from "../../config/profile-type.ts";
import { measured } from "../../mixins/metrics/metrics.ts";
import { type VolatileRedis, volatileRedis } from "../../mixins/redis/volatile-redis.ts";
import type { StoreMethods } from "../../mixins/store/store.mixin.ts";
import { memoryCache } from "../../mixins/versioned-cache/memory-cache.ts";
import type { VersionedCache } from "../../mixins/versioned-cache/port.ts";
import { redisCache } from "../../mixins/versioned-cache/redis-cache.ts";
import type { OrdersMembers, OrdersService } from "./orders-base.ts";
import { orderCodec, ReadableOrder } from "./readable-order.ts";

// The cache of orders: opened and filled here, read in reading.mixin.ts, written through in writing.ts. Why a reader never gets less
// than was answered to a writer: docs/decisions/0014-order-cache.md.

/** Told to all nodes when Redis could not be told of a write, before that write is answered. */
const untoldEvent = "orders.cache_untold";

export interface CacheSettings extends Pick<Profile, "redisUrl" | "keyPrefix" | "orderCache"> {
	/** How many of the newest orders a start puts in. Default 500. */
	warm?: number;
}

export interface OrderCache extends VersionedCache<ReadableOrder> {
	hits: number;
	misses: number;
	/** How many of the newest orders a start puts in. */
	readonly warm: number;
}

const overRedis = (service: OrdersService, redis: VolatileRedis, settings: CacheSettings): VersionedCache<ReadableOrder> => {
	const cache = redisCache<ReadableOrder>({
		redis,
		prefix: `${settings.keyPrefix}:cache:order`,
		codec: orderCodec,
		ttlMs: settings.orderCache.ttl,
		maxEntries: settings.orderCache.entries,
		onUntold: (id, version) => void service.broker.broadcast(untoldEvent, { id, version }),
	});
	redis.connect();
	return {
		...cache,
		close() {
			cache.close();
			redis.close();
		},
	};
};

/** Shared in Redis if there is one, else of this process. */
export const openOrderCache = (service: OrdersService, settings: CacheSettings): OrderCache => {
	const { redisUrl, orderCache, warm = warmMost } = settings;
	const onTrouble = (error: Error): void =>
		service.logger.warn(`Redis is away, orders are read from the database: ${error.message}`);
	const cache: VersionedCache<ReadableOrder> = redisUrl
		? overRedis(service, volatileRedis(redisUrl, onTrouble), settings)
		: memoryCache({ ttlMs: orderCache.ttl, maxEntries: orderCache.entries });
	return { ...cache, hits: 0, misses: 0, warm: Math.min(warm, orderCache.entries) };
};

const warmMost = 500;
/** Few at a time: a start has better to do. */
const warmAtOnce = 50;

/** The places are taken before the orders are read, as by every reader: so nothing newer is overwritten. */
const warmSome = async ({ store, cache }: OrdersService, ids: readonly string[]): Promise<void> => {
	const places = await Promise.all(ids.map(async (id) => ({ id, place: await cache.get(id) })));
	const fills = new Map(places.flatMap(({ id, place }) => (!place.hit && place.fill ? [[id, place.fill] as const] : [])));
	if (fills.size === 0) return;
	const orders = new Map((await store.orders.findByIds([...fills.keys()])).map((order) => [order._id, order]));
	await Promise.all(
		[...fills].map(([id, fill]) => {
			const order = orders.get(id);
			return fill(order ? new ReadableOrder(order) : null);
		}),
	);
};

/** Puts the newest orders in, unless they are there. Nobody waits for it. */
const warmUp = async (service: OrdersService, signal: AbortSignal): Promise<void> => {
	const { cache, store } = service;
	await cache.ready();
	if (signal.aborted || cache.warm === 0) return;
	const newest = await store.orders.find({ sort: [["number", -1]], limit: cache.warm });
	// The newest last: where the room is short, they stay.
	const ids = newest.map(({ _id }) => _id).reverse();
	for (let from = 0; from < ids.length && !signal.aborted; from += warmAtOnce) {
		await warmSome(service, ids.slice(from, from + warmAtOnce));
	}
};

const parts: Partial<ServiceSchema<ServiceSettingSchema, StoreMethods, OrdersMembers>> = {
	events: {
		[untoldEvent]: {
			handler({ params }: Context<{ id: string; version: number }>) {
				(this as unknown as OrdersService).cache.distrust(params.id, params.version); // Moleculer types `this` as any service
			},
		},
	},

	created() {
		this.cache = openOrderCache(this, profile());
	},
	async started() {
		this.endGauge = measured("orders_in_cache", {}, () => this.cache.size());
		this.endWarmUp = new AbortController();
		this.warmedUp = warmUp(this as unknown as OrdersService, this.endWarmUp.signal).catch((error: unknown) =>
			this.logger.warn("The cache of orders starts cold:", error),
		);
	},
	async stopped() {
		this.endGauge?.();
		this.endWarmUp?.abort();
		this.cache.close();
		await this.warmedUp;
	},
};

/** Opened before what reads and writes orders begins, closed when that has ended: it stands behind them in the list of mixins. */
export const orderCaching = parts as Partial<ServiceSchema>;
