import assert from "node:assert/strict";
import { memoryCache } from "../../../mixins/versioned-cache/memory-cache.ts";
import type { VersionedCache } from "../../../mixins/versioned-cache/port.ts";
import { type Dish, dish, get, missed, RedisDishes } from "../../support/dish-cache.ts";
import { needs, type RunningServer, startRedis } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

type Open = (ttlMs?: number) => Promise<VersionedCache<Dish>>;

/** What holds wherever the values lie. */
const suite = (open: Open): void => {
	let cache: VersionedCache<Dish>;
	beforeEach(async () => {
		cache = await open();
	});

	it("misses what it does not know, and answers what a reader put", async () => {
		await (await missed(cache, "a")).fill?.(dish(1));
		assert.deepEqual(await get(cache, "a"), dish(1));
		assert.equal(await get(cache, "b"), undefined);
	});

	it("answers what a writer put, and nothing while it writes", async () => {
		await (await missed(cache, "a")).fill?.(dish(1));
		const writing = await cache.writing("a");
		assert.equal(await get(cache, "a"), undefined);
		await writing.done(dish(2));
		assert.deepEqual(await get(cache, "a"), dish(2));
	});

	it("does not let a reader put back what was replaced since it read", async () => {
		const slow = await missed(cache, "a");
		await (await cache.writing("a")).done(dish(2));
		await slow.fill?.(dish(1));
		assert.notDeepEqual(await get(cache, "a"), dish(1));
	});

	it("does not let a reader put what it read before a write that goes on", async () => {
		const slow = await missed(cache, "a");
		const writing = await cache.writing("a");
		await slow.fill?.(dish(1));
		assert.equal(await get(cache, "a"), undefined);
		await writing.done(dish(2));
		assert.deepEqual(await get(cache, "a"), dish(2));
	});

	it("does not let a reader that slept longer than the value lived put back the old", async () => {
		cache = await open(20);
		const slow = await missed(cache, "a");
		await (await cache.writing("a")).done(dish(2));
		await until(
			"the value's end",
			async () => (await missed(cache, "other")) && (await get(cache, "a")),
			(seen) => !seen,
		);
		await slow.fill?.(dish(1));
		assert.equal(await get(cache, "a"), undefined);
	});

	it("does not let a slow writer put an older version over a newer one, in its lifetime or after it", async () => {
		cache = await open(20);
		const slow = await cache.writing("a");
		await (await cache.writing("a")).done(dish(3));
		await slow.done(dish(2));
		assert.notDeepEqual(await get(cache, "a"), dish(2));
		await until(
			"the value's end",
			() => get(cache, "a"),
			(seen) => !seen,
		);
		await slow.done(dish(2));
		assert.notDeepEqual(await get(cache, "a"), dish(2));
	});

	it("never answers the older of two writes that overlap, whichever ends first", async () => {
		const first = await cache.writing("a");
		const second = await cache.writing("a");
		await first.done(dish(3)); // came to the database after the second
		await second.done(dish(2));
		assert.notDeepEqual(await get(cache, "a"), dish(2));
		const third = await cache.writing("a");
		const fourth = await cache.writing("a");
		await fourth.done(dish(4));
		await third.done(dish(5));
		assert.deepEqual(await get(cache, "a"), dish(5));
	});

	it("lets the next reader in at once where nothing was written or found", async () => {
		await (await cache.writing("a")).undone();
		await (await missed(cache, "a")).fill?.(null);
		await (await missed(cache, "a")).fill?.(dish(1));
		assert.deepEqual(await get(cache, "a"), dish(1));
	});

	it("forgets a value when its time is up", async () => {
		cache = await open(20);
		await (await cache.writing("a")).done(dish(1));
		await until(
			"the value's end",
			() => get(cache, "a"),
			(seen) => !seen,
		);
	});
};

describe("a cache of versions, in the process", () => {
	suite(async (ttlMs = 60_000) => memoryCache({ ttlMs, maxEntries: 100 }));

	it("keeps no more entries than it may, those that were asked for last", async () => {
		const cache = memoryCache<Dish>({ ttlMs: 60_000, maxEntries: 2 });
		for (const id of ["a", "b"]) await (await cache.writing(id)).done(dish(1));
		await get(cache, "a");
		await (await cache.writing("c")).done(dish(1));
		assert.equal(await get(cache, "b"), undefined);
		await (await cache.writing("d")).done(dish(1));
		assert.deepEqual(await get(cache, "d"), dish(1));
	});
});

describe("a cache of versions, in Redis", () => {
	let server: RunningServer | undefined;
	const dishes = new RedisDishes(() => server?.url ?? "");
	before(async function () {
		needs(this, "redis");
		server = await startRedis();
	});
	afterEach(() => dishes.closeAll());
	after(() => server?.stop());

	suite(async (ttlMs) => (await dishes.open({ ttlMs })).cache);

	it("answers on each node what another one put, and gives every key an end", async () => {
		const one = await dishes.open({ prefix: "shared" });
		const other = await dishes.open({ prefix: "shared" });
		await (await one.cache.writing("a")).done(dish(1));
		assert.deepEqual(await get(other.cache, "a"), dish(1));
		await missed(other.cache, "b");
		await one.cache.writing("c");
		const keys = await one.redis.client.keys("shared:*");
		assert.equal(keys.length, 3);
		for (const key of keys) assert.ok((await one.redis.client.pttl(key)) > 0, key);
	});

	it("parses a text once", async () => {
		const one = await dishes.open({});
		await (await one.cache.writing("a")).done(dish(1));
		assert.equal(await get(one.cache, "a"), await get(one.cache, "a"));
	});

	it("does not believe what lies there while it was told of something newer, and puts that in its place", async () => {
		const { cache } = await dishes.open({});
		await (await cache.writing("a")).done(dish(1));
		cache.distrust("a", 2);
		await (await missed(cache, "a")).fill?.(dish(2));
		assert.deepEqual(await get(cache, "a"), dish(2));
	});

	it("believes nothing any more when it was told of more than it can keep", async () => {
		const { cache } = await dishes.open({ maxDistrusted: 2 });
		await (await cache.writing("z")).done(dish(1));
		for (const id of ["a", "b", "c"]) cache.distrust(id, 2);
		assert.equal(await get(cache, "z"), undefined);
	});
});
