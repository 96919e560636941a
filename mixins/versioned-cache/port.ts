// A cache of entities for those who may not see an old version after a newer one was answered: docs/decisions/0014-order-cache.md.
// Two implementations, memory-cache.ts and redis-cache.ts; test/mixins/versioned-cache/ runs one suite over both.
//
// Under a key lies a value, or the mark of somebody who is about to put one there: a reader, who took it before it read the database,
// or a writer, who took it before its write. Whoever comes later takes the mark away, and who has lost theirs puts nothing.

export interface Versioned {
	/** As the store counts it: one more with each change, from 1. */
	readonly version: number;
}

export type Found<T> =
	| { hit: true; value: T }
	| {
			hit: false;
			/**
			 * Puts what the caller read from the database since, unless somebody wrote meanwhile; null gives the place back. Absent
			 * where another reads or writes at the moment, or nothing can be put: then there is nothing to do.
			 */
			fill?: (value: T | null) => Promise<void>;
	  };

/** A write that has begun: from now on nobody is answered what was there before. */
export interface Writing<T> {
	/** The entity as it is after the write, or as it was found when there was nothing to write. Awaited before the answer is given. */
	done(value: T): Promise<void>;
	/** Nothing was written. Not to be called when that is uncertain: the mark ends by itself. */
	undone(): Promise<void>;
}

/** No method rejects: a cache that is away misses. */
export interface VersionedCache<T extends Versioned> {
	get(id: string): Found<T> | Promise<Found<T>>;
	/** Awaited before the write goes to the database. */
	writing(id: string): Promise<Writing<T>>;
	/** Another node wrote this version and could not say so here: older ones are not believed for as long as they could lie here. */
	distrust(id: string, version: number): void;
	/** Entries that this process holds; in Redis there may be more. */
	size(): number;
	/** Resolves when it can be used for the first time, or was closed. */
	ready(): Promise<void>;
	close(): void;
}

export interface CacheOptions {
	/** How long a value is kept, in ms. */
	ttlMs: number;
	/** At most so many entries in this process; the one that was not asked for longest goes first. */
	maxEntries: number;
}

/** How long a reader's mark lives, in ms: a read of the database that takes longer is not kept. */
export const readerMarkMs = 5_000;
/**
 * How long a writer's mark lives, in ms. Longer than a write takes with all its tries, so that after the death of a writer nobody
 * puts in what was there before it.
 */
export const writerMarkMs = 15_000;
