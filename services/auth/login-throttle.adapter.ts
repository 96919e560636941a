import { createHash } from "node:crypto";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimit } from "../../config/profile-type.ts";
import { DomainError } from "../../contracts/errors.ts";
import { networkOf } from "../../mixins/rate-limits/network.ts";
import type { VolatileRedis } from "../../mixins/redis/volatile-redis.ts";

// Guessing passwords (ASVS 5.0 §6.3.1). Tries are counted per e-mail and address together, so that somebody who guesses from
// elsewhere cannot lock the owner out, and per address more widely, for those who try one password on many accounts.

/** Times the pair's count, for an address: an office shares one. */
const addressFactor = 10;
/** Of one pair within an hour, however short the configured window is. */
const slow = { points: 100, duration: 3_600 } as const;

export interface LoginThrottle {
	/**
	 * Counts a try before its password is looked at, so that many at once count as many. Throws RATE_LIMITED with the seconds to
	 * wait. Answers what to call when the password was right.
	 */
	attempt(emailKey: string, address: string): Promise<() => Promise<void>>;
}

interface Counter {
	consume(key: string): Promise<RateLimiterRes>;
	forget(key: string): Promise<void>;
	giveBack(key: string): Promise<void>;
}

const nothing: LoginThrottle = { attempt: async () => async () => undefined };

/** Counted in Redis if there is one. While it is away each process counts for itself: a guesser gets a few more, nobody is locked out. */
const counter = (name: string, points: number, duration: number, redis: VolatileRedis | null, prefix: string): Counter => {
	const options = { points, duration, keyPrefix: `${prefix}:login:${name}` };
	const local = new RateLimiterMemory(options);
	const shared: RateLimiterAbstract | null =
		redis &&
		new RateLimiterRedis({ ...options, storeClient: redis.client, insuranceLimiter: local, rejectIfRedisNotReady: true });
	const limiter = (): RateLimiterAbstract => (shared && redis?.isUp() ? shared : local);
	return {
		consume: (key) => limiter().consume(key),
		forget: async (key) => void (await limiter().delete(key)),
		giveBack: async (key) => void (await limiter().reward(key)),
	};
};

/** Redis is no place for addresses of people. */
const pairKey = (emailKey: string, address: string): string =>
	createHash("sha256").update(`${emailKey}\0${address}`).digest("base64url");

const consume = async (limit: Counter, key: string): Promise<void> => {
	try {
		await limit.consume(key);
	} catch (refusal) {
		if (!(refusal instanceof RateLimiterRes)) throw refusal;
		const retryAfter = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
		throw new DomainError("RATE_LIMITED", "Too many tries to log in", { retryAfter });
	}
};

export const loginThrottle = (limit: RateLimit, redis: VolatileRedis | null, prefix: string): LoginThrottle => {
	if (limit === "off") return nothing;
	const byPair = counter("pair", limit.count, limit.seconds, redis, prefix);
	const byPairSlowly = counter("slow", Math.max(slow.points, limit.count), Math.max(slow.duration, limit.seconds), redis, prefix);
	const byAddress = counter("address", limit.count * addressFactor, limit.seconds, redis, prefix);
	return {
		async attempt(emailKey, from) {
			const address = networkOf(from);
			const pair = pairKey(emailKey, address);
			await consume(byAddress, address);
			await consume(byPair, pair);
			await consume(byPairSlowly, pair);
			return async () => {
				await Promise.all([byPair.forget(pair), byPairSlowly.forget(pair), byAddress.giveBack(address)]);
			};
		},
	};
};
