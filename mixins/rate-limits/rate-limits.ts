import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Profile, RateLimit } from "../../config/profile-type.ts";
import type { VolatileRedis } from "../redis/volatile-redis.ts";
import { FixedWindows } from "./fixed-windows.ts";

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
	/** Counts one request; null: that limit is off. `who` is a user or an address. A promise only where Redis counts. */
	consume(name: LimitName, who: string): Standing | null | Promise<Standing>;
}

type Limit = Exclude<RateLimit, "off">;

const standing = (name: LimitName, limit: Limit, taken: number, msLeft: number): Standing => ({
	name,
	allowed: taken <= limit.count,
	count: limit.count,
	seconds: limit.seconds,
	remaining: Math.max(0, limit.count - taken),
	reset: Math.max(1, Math.ceil(msLeft / 1000)),
});

type Consume = (who: string) => Standing | Promise<Standing>;

const inMemory = (name: LimitName, limit: Limit): ((who: string) => Standing) => {
	const windows = new FixedWindows(limit.seconds * 1000);
	return (who) => {
		const { taken, msLeft } = windows.take(who);
		return standing(name, limit, taken, msLeft);
	};
};

const inRedis = (name: LimitName, limit: Limit, redis: VolatileRedis, prefix: string): Consume => {
	const local = inMemory(name, limit);
	const limiter = new RateLimiterRedis({
		points: limit.count,
		duration: limit.seconds,
		keyPrefix: `${prefix}:limit:${name}`,
		storeClient: redis.client,
		rejectIfRedisNotReady: true,
	});
	const tell = ({ consumedPoints, msBeforeNext }: RateLimiterRes): Standing =>
		standing(name, limit, consumedPoints, msBeforeNext);
	// It rejects with the same what it refuses, and with an error what it could not count.
	const onRejected = (who: string, rejection: unknown): Standing =>
		rejection instanceof RateLimiterRes ? tell(rejection) : local(who);
	return (who) => (redis.isUp() ? limiter.consume(who).then(tell, (rejection) => onRejected(who, rejection)) : local(who));
};

/** Fixed windows, counted in Redis if there is one. While it is away each process counts for itself: more may pass, nobody is locked out. */
export const rateLimits = (limits: Profile["rateLimits"], redis: VolatileRedis | null, prefix: string): RateLimits => {
	const counters = new Map<LimitName, Consume>();
	for (const [name, limit] of Object.entries(limits) as [LimitName, RateLimit][]) {
		if (limit !== "off") counters.set(name, redis ? inRedis(name, limit, redis, prefix) : inMemory(name, limit));
	}
	return { consume: (name, who) => counters.get(name)?.(who) ?? null };
};
