import { randomUUID } from "node:crypto";
import { Lru } from "../access-token/lru.ts";
import { AWAY, type VolatileRedis } from "../redis/volatile-redis.ts";
import { Distrust } from "./distrust.ts";
import { type CacheOptions, type Found, readerMarkMs, type Versioned, type VersionedCache, writerMarkMs } from "./port.ts";
import { Repairs } from "./repairs.ts";
import { serverRun } from "./server-run.ts";

// Under a key lies "v<version>:<text>", or a mark: "r…" of a reader, "w…" of a writer. One key a command, so it may be a Redis Cluster.

const versionOf = (text: string): number => Number(/^v(\d+):/.exec(text)?.[1] ?? 0);

/** ARGV: the mark, the version, the value, its time in ms. */
const putIfMine = `local c = redis.call('get', KEYS[1])
if c == ARGV[1] then return redis.call('set', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
return nil`;

/** After a write. A mark of another goes: what they are about to put may be older than this. */
const putIfNewer = `local c = redis.call('get', KEYS[1])
if not c then return nil end
local v = tonumber(string.match(c, '^v(%d+):'))
if c == ARGV[1] or (v and v < tonumber(ARGV[2])) then return redis.call('set', KEYS[1], ARGV[3], 'PX', ARGV[4]) end
if not v then redis.call('del', KEYS[1]) end
return nil`;

const dropIfMine = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0`;

/** ARGV: the oldest version that may stay. */
const dropOlder = `local c = redis.call('get', KEYS[1])
local v = c and tonumber(string.match(c, '^v(%d+):'))
if c and not (v and v >= tonumber(ARGV[1])) then return redis.call('del', KEYS[1]) end
return 0`;

export interface Codec<T> {
	toText(value: T): string;
	fromText(text: string): T;
}

export interface RedisCacheOptions<T> extends CacheOptions {
	redis: VolatileRedis;
	/** Of all keys. */
	prefix: string;
	codec: Codec<T>;
	/** A write that the cache could not be told: all nodes must `distrust` it before the write is answered. */
	onUntold(id: string, version: number): void;
	/** Entries that are distrusted one by one. Default 10,000. */
	maxDistrusted?: number;
}

/** The cache that all nodes share. Its owner closes the Redis. */
export const redisCache = <T extends Versioned>(options: RedisCacheOptions<T>): VersionedCache<T> => {
	const { redis, prefix, codec, ttlMs, maxDistrusted = 10_000 } = options;
	/** What is in Redis is what counts; here is what its text was parsed to. */
	const parsed = new Lru<string, { text: string; value: T }>(options.maxEntries);
	// A reader's mark from before the write may yet become a value.
	const distrusted = new Distrust(ttlMs + readerMarkMs, maxDistrusted);
	const run = serverRun(redis);

	/** Keys end with the server's run: what a restart or a fail-over brings back is older than what we wrote. */
	const ask = async <A>(id: string, command: (client: VolatileRedis["client"], key: string) => Promise<A>) => {
		const current = run.id();
		if (current === undefined) return AWAY;
		return redis.ask((client) => command(client, `${prefix}:${current}:${id}`));
	};
	const drop = (id: string, least: number) => ask(id, (client, key) => client.eval(dropOlder, 1, key, least));
	const repairs = new Repairs(
		async (id, version) => (await drop(id, version)) !== AWAY,
		ttlMs + readerMarkMs,
		maxDistrusted,
		() => redis.isUp(),
	);
	const giveBack = async (id: string, mark: string): Promise<void> => {
		await ask(id, (client, key) => client.eval(dropIfMine, 1, key, mark));
	};

	const parse = (id: string, text: string): T => {
		const known = parsed.get(id);
		if (known?.text === text) return known.value;
		const value = codec.fromText(text.slice(text.indexOf(":") + 1));
		parsed.set(id, { text, value });
		return value;
	};
	const textOf = (id: string, value: T): string => {
		const text = `v${value.version}:${codec.toText(value)}`;
		parsed.set(id, { text, value });
		return text;
	};

	const place = async (id: string): Promise<Found<T>> => {
		const mark = `r${randomUUID()}`;
		const taken = await ask(id, (client, key) => client.set(key, mark, "PX", readerMarkMs, "NX"));
		if (taken !== "OK") return { hit: false };
		return {
			hit: false,
			async fill(value) {
				if (value === null) return giveBack(id, mark);
				await ask(id, (client, key) => client.eval(putIfMine, 1, key, mark, value.version, textOf(id, value), ttlMs));
			},
		};
	};

	const untold = (id: string, version: number): void => {
		distrusted.add(id, version);
		repairs.add(id, version);
		options.onUntold(id, version);
	};

	return {
		async get(id) {
			const text = await ask(id, (client, key) => client.get(key));
			if (text === AWAY) return { hit: false };
			if (text === null) return place(id);
			if (!text.startsWith("v")) return { hit: false };
			// Looked at after the answer has come: it is the word of others that may have overtaken it.
			const least = distrusted.least(id);
			if (versionOf(text) >= least) return { hit: true, value: parse(id, text) };
			if (least === Number.POSITIVE_INFINITY || (await drop(id, least)) === AWAY) return { hit: false };
			return place(id);
		},
		async writing(id) {
			const mark = `w${randomUUID()}`;
			await ask(id, (client, key) => client.set(key, mark, "PX", writerMarkMs));
			return {
				async done(value) {
					const text = textOf(id, value);
					const put = await ask(id, (client, key) => client.eval(putIfNewer, 1, key, mark, value.version, text, ttlMs));
					if (put === AWAY) untold(id, value.version);
				},
				undone: () => giveBack(id, mark),
			};
		},
		size: () => parsed.size,
		distrust: (id, version) => distrusted.add(id, version),
		ready: () => run.known(),
		close() {
			run.close();
			repairs.close();
		},
	};
};
