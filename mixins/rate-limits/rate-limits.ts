import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Profile, RateLimit } from "../../config/profile-type.ts";
import type { VolatileRedis } from "../redis/volatile-redis.ts";

export type LimitName = keyof Profile["rateLimits"];

/** How one requester stands with one limit. */
export interface Standing {
	name: LimitName;
	allowed: boolean;
	/** Requests in `seconds`. */
	count: number;
	seconds: number;
	remaining: number;
	/** Seconds until the window starts anew. */
	reset: number;
}

export interface RateLimits {
	/** Counts one request; null: that limit is off. `who` is a user or an address. */
	consume(name: LimitName, who: string): Promise<Standing | null>;
}

const standing = (name: LimitName, limit: Exclude<RateLimit, "off">, allowed: boolean, result: RateLimiterRes): Standing => ({
	name,
	allowed,
	...limit,
	remaining: Math.max(0, result.remainingPoints),
	reset: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
});

const consume = (limiter: RateLimiterAbstract, who: string): Promise<{ allowed: boolean; result: RateLimiterRes }> =>
	limiter.consume(who).then(
		(result) => ({ allowed: true, result }),
		(refusal: unknown) => {
			if (refusal instanceof RateLimiterRes) return { allowed: false, result: refusal };
			throw refusal;
		},
	);

/** Fixed windows, counted in Redis if there is one. While it is away each process counts for itself: more may pass, nobody is locked out. */
export const rateLimits = (limits: Profile["rateLimits"], redis: VolatileRedis | null, prefix: string): RateLimits => {
	const limiters = (Object.keys(limits) as LimitName[]).flatMap((name) => {
		const limit = limits[name];
		if (limit === "off") return [];
		const options = { points: limit.count, duration: limit.seconds, keyPrefix: `${prefix}:limit:${name}` };
		const local = new RateLimiterMemory(options);
		const shared =
			redis &&
			new RateLimiterRedis({ ...options, storeClient: redis.client, insuranceLimiter: local, rejectIfRedisNotReady: true });
		return [[name, { limit, local, shared }] as const];
	});
	const byName = new Map(limiters);
	return {
		async consume(name, who) {
			const found = byName.get(name);
			if (!found) return null;
			const limiter = found.shared && redis?.isUp() ? found.shared : found.local;
			const { allowed, result } = await consume(limiter, who);
			return standing(name, found.limit, allowed, result);
		},
	};
};
