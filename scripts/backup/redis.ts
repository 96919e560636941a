import { Redis } from "ioredis";
import { redisOptions } from "../../config/connections.ts";
import { Refusal } from "../node/refusal.ts";

// Redis may be forgotten, and after a restore it has to be: what is cached there is of later versions than the documents.

const escaped = (prefix: string): string => prefix.replace(/[\\*?[\]]/g, "\\$&");

const forgetAll = async (redis: Redis, pattern: string): Promise<number> => {
	let gone = 0;
	for await (const keys of redis.scanStream({ match: pattern, count: 500 }) as AsyncIterable<string[]>) {
		if (keys.length > 0) gone += await redis.unlink(...keys);
	}
	return gone;
};

const withRedis = async <T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> => {
	const redis = new Redis({ ...redisOptions(url), lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
	redis.on("error", () => undefined); // the command that fails says it
	try {
		await redis.connect();
	} catch (error) {
		throw new Refusal(`Redis does not answer at REDIS_URL: ${error instanceof Error ? error.message : error}`);
	}
	try {
		return await work(redis);
	} finally {
		redis.disconnect();
	}
};

/** Throws a `Refusal` if it is away. */
export const checkRedis = (url: string): Promise<unknown> => withRedis(url, (redis) => redis.ping());

/** Removes what is ours and answers how many keys that were. */
export const forgetInRedis = (url: string, keyPrefix: string): Promise<number> =>
	withRedis(url, async (redis) => {
		const prefix = escaped(keyPrefix);
		return (await forgetAll(redis, `${prefix}:*`)) + (await forgetAll(redis, `${prefix}-cache*`));
	});
