import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Profile, RateLimit } from "../../config/profile-type.ts";
import { AWAY, type VolatileRedis } from "../redis/volatile-redis.ts";
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

/** By the limit of the profile: what a process takes over HTTP and over sockets counts as one. */
const windowsOf = new WeakMap<Limit, FixedWindows>();

const inMemory = (name: LimitName, limit: Limit): ((who: string) => Standing) => {
	const windows = windowsOf.get(limit) ?? new FixedWindows(limit.seconds * 1000);
	windowsOf.set(limit, windows);
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
	// It rejects with the same what it refuses, and with an error what it could not count.
	const count = (who: string): Promise<RateLimiterRes> =>
		limiter.consume(who).catch((rejection: unknown) => {
			if (rejection instanceof RateLimiterRes) return rejection;
			throw rejection;
		});
	const ask = async (who: string): Promise<Standing> => {
		// Not past `ask`: a Redis that hangs would cost every request its time-out.
		const counted = await redis.ask(() => count(who));
		return counted === AWAY ? local(who) : standing(name, limit, counted.consumedPoints, counted.msBeforeNext);
	};
	return (who) => (redis.isUp() ? ask(who) : local(who));
};

/** Fixed windows, counted in Redis if there is one. While it is away each process counts for itself: more may pass, nobody is locked out. */
export const rateLimits = (limits: Profile["rateLimits"], redis: VolatileRedis | null, prefix: string): RateLimits => {
	const counters = new Map<LimitName, Consume>();
	for (const [name, limit] of Object.entries(limits) as [LimitName, RateLimit][]) {
		if (limit !== "off") counters.set(name, redis ? inRedis(name, limit, redis, prefix) : inMemory(name, limit));
	}
	return { consume: (name, who) => counters.get(name)?.(who) ?? null };
};
