import { createRequire } from "node:module";
import type { Redis, RedisOptions } from "ioredis";
import { redisOptions } from "../../config/connections.ts";

const require = createRequire(import.meta.url);

/** Loaded when the first client is made: a process without Redis need not keep the library in memory. */
const newRedis = (options: RedisOptions): Redis => {
	const ioredis = require("ioredis") as typeof import("ioredis");
	return new ioredis.Redis(options);
};

/** How long after a failure nobody asks again, in ms: a Redis that hangs must not slow every request down by its time-out. */
const restMs = 1_000;

/** A Redis for what may be forgotten: nothing waits for it, and everybody who asks has something to do without it. */
export interface VolatileRedis {
	/** The client, for libraries; its commands reject fast while Redis is away. */
	readonly client: Redis;
	/** Starts to connect, and goes on trying. Nobody waits for it. */
	connect(): void;
	/** False while it is away, and for a while after a command failed. */
	isUp(): boolean;
	/** The answer of a command, or `AWAY`. */
	ask<T>(command: (client: Redis) => Promise<T>): Promise<T | typeof AWAY>;
	/** For health checks; rejects while it is away. */
	ping(): Promise<void>;
	close(): void;
}

export const AWAY: unique symbol = Symbol("redis is away");

/** `onTrouble` is told once per outage. */
export const volatileRedis = (url: string, onTrouble: (error: Error) => void): VolatileRedis => {
	// No queue while offline, no second try of a command, and a short time-out for a server that accepts and says nothing.
	const client = newRedis({
		...redisOptions(url),
		enableOfflineQueue: false,
		maxRetriesPerRequest: 0,
		commandTimeout: 500,
		connectTimeout: 1_000,
		lazyConnect: true,
		retryStrategy: (times) => Math.min(times * 50, restMs),
	});
	let restUntil = 0;
	let told = false;
	const failed = (error: Error): void => {
		restUntil = performance.now() + restMs;
		if (!told) onTrouble(error);
		told = true;
	};
	client.on("error", failed);
	client.on("ready", () => {
		restUntil = 0;
		told = false;
	});
	const isUp = (): boolean => client.status === "ready" && performance.now() >= restUntil;
	return {
		client,
		connect: () => void client.connect().catch(failed),
		isUp,
		async ask(command) {
			if (!isUp()) return AWAY;
			try {
				const answer = await command(client);
				// One that hung is back without a new connection.
				told = false;
				return answer;
			} catch (error) {
				failed(error as Error);
				return AWAY;
			}
		},
		ping: async () => void (await client.ping()),
		close: () => client.disconnect(),
	};
};
