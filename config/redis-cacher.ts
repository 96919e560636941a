import { Cachers } from "moleculer";
import { redisOptions } from "./connections.ts";

const waitAtMost = 500;

/**
 * Moleculer's Redis cacher for a Redis that may be forgotten: when it is away, every read is a miss and every write is dropped.
 * The original lets a command that fails between the drop of a connection and its notice fail the action, ends the
 * process by an unhandled rejection when a write fails after a miss, and cuts the broker's stop short when it cannot say
 * goodbye. What a dropped `del` leaves behind lives until its time is up, so only what may be that old is cached.
 */
export class ForgivingRedisCacher extends Cachers.Redis {
	constructor(url: string, prefix: string, ttl: number) {
		super({
			prefix,
			ttl,
			redis: {
				...redisOptions(url),
				// Waiting for Redis to come back would be slower than asking the database.
				enableOfflineQueue: false,
				maxRetriesPerRequest: 0,
				commandTimeout: waitAtMost,
				connectTimeout: 2_000,
				retryStrategy: (times: number) => Math.min(times * 100, 1_000),
			},
		});
	}

	override async get(key: string): Promise<Record<string, unknown> | null> {
		// `missingResponse` is undefined, not null: null would be a hit whose value is null.
		return (await this.#orMiss("get", super.get(key))) ?? this.opts.missingResponse;
	}

	override async set(key: string, data: unknown, ttl?: number): Promise<void> {
		await this.#orMiss("set", super.set(key, data, ttl));
	}

	override async del(key: string | string[]): Promise<void> {
		await this.#orMiss("del", super.del(key));
	}

	override async clean(match?: string | string[]): Promise<void> {
		await this.#orMiss("clean", super.clean(match));
	}

	override async close(): Promise<void> {
		// QUIT asks for an answer; DISCONNECT does not.
		await this.#orMiss("close", super.close());
		this.client.disconnect();
	}

	async #orMiss<T>(what: string, work: Promise<T>): Promise<T | undefined> {
		try {
			return await work;
		} catch (error) {
			this.logger.debug(`cache ${what} failed, going on without`, error);
			return undefined;
		}
	}
}
