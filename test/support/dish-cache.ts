import assert from "node:assert/strict";
import { type VolatileRedis, volatileRedis } from "../../mixins/redis/volatile-redis.ts";
import type { Found, VersionedCache } from "../../mixins/versioned-cache/port.ts";
import { redisCache } from "../../mixins/versioned-cache/redis-cache.ts";

/** What tests of the cache keep in it. */
export interface Dish {
	version: number;
	name: string;
}

export const dish = (version: number): Dish => ({ version, name: `dish ${version}` });

/** The value, undefined after a miss. A miss takes a place in the cache, which is given back. */
export const get = async (cache: VersionedCache<Dish>, id: string): Promise<Dish | undefined> => {
	const found = await cache.get(id);
	if (found.hit) return found.value;
	await found.fill?.(null);
	return undefined;
};

export const missed = async (cache: VersionedCache<Dish>, id: string): Promise<Extract<Found<Dish>, { hit: false }>> => {
	const found = await cache.get(id);
	assert.ok(!found.hit, `${id} was there`);
	return found;
};

export interface OpenDishes {
	cache: VersionedCache<Dish>;
	redis: VolatileRedis;
	/** Of which writes it said that Redis could not be told. */
	untold: [id: string, version: number][];
}

interface DishOptions {
	ttlMs?: number | undefined;
	/** Default: one that nobody else uses. */
	prefix?: string;
	maxDistrusted?: number;
}

/** Nodes with a cache in one Redis. */
export class RedisDishes {
	readonly #url: () => string;
	readonly #open: OpenDishes[] = [];
	#count = 0;

	constructor(url: () => string) {
		this.#url = url;
	}

	async open({ ttlMs = 60_000, prefix = `test${process.pid}-${this.#count++}`, ...rest }: DishOptions): Promise<OpenDishes> {
		const redis = volatileRedis(this.#url(), () => undefined);
		const untold: OpenDishes["untold"] = [];
		const cache = redisCache<Dish>({
			redis,
			prefix,
			ttlMs,
			maxEntries: 100,
			codec: { toText: JSON.stringify, fromText: (text) => JSON.parse(text) as Dish },
			onUntold: (id, version) => untold.push([id, version]),
			...rest,
		});
		redis.connect();
		await cache.ready();
		const opened = { cache, redis, untold };
		this.#open.push(opened);
		return opened;
	}

	closeAll(): void {
		for (const { cache, redis } of this.#open.splice(0)) {
			cache.close();
			redis.close();
		}
	}
}
