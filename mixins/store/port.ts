// The port between services and whatever keeps their documents. Two implementations: sqlite-collection.ts (embedded)
// and mongo-collection.ts (cluster); test/mixins/store/ runs one suite over both.

/** What a filter can compare with. Dates are stored as ISO 8601 strings or epoch milliseconds, never as Date. */
export type Scalar = string | number | boolean | null;

export interface Comparison {
	$in?: readonly Scalar[];
	$nin?: readonly Scalar[];
	$ne?: Scalar;
	$gt?: Scalar;
	$gte?: Scalar;
	$lt?: Scalar;
	$lte?: Scalar;
	$exists?: boolean;
}

/** A filter: dotted paths, all of them must hold. An array along the path matches if any of its elements does, as in MongoDB. */
export type Where = Readonly<Record<string, Scalar | Comparison>>;

export type Sort = readonly (readonly [path: string, direction: 1 | -1])[];

export interface Query {
	where?: Where;
	/** Each path should hold values of one type, null and missing aside (they come first): the stores differ in how they order types. */
	sort?: Sort;
	/** Absent or 0: no limit. */
	limit?: number;
	skip?: number;
}

/**
 * The portable part of MongoDB's update operators. `$push` takes `{$each, $slice}`, `$pull` takes a scalar or a filter on the
 * element's fields, and a positional `$` refers to the element that the filter matched.
 */
export interface Update {
	$set?: Readonly<Record<string, unknown>>;
	$unset?: Readonly<Record<string, "" | true>>;
	$inc?: Readonly<Record<string, number>>;
	$min?: Readonly<Record<string, Scalar>>;
	$max?: Readonly<Record<string, Scalar>>;
	$push?: Readonly<Record<string, unknown>>;
	$pull?: Readonly<Record<string, unknown>>;
	$addToSet?: Readonly<Record<string, unknown>>;
}

export interface IndexSpec {
	/** Unique within the collection; part of the index's name in both stores. */
	name: string;
	/** A path of a unique index must not lead to or through an array: the embedded store refuses the document. */
	fields: Sort;
	unique?: true;
	/** Only documents that have the (single) field. Compound sparse indexes are not portable and are refused. */
	sparse?: true;
}

export interface CollectionSpec {
	indexes?: readonly IndexSpec[];
}

export interface Document {
	_id: string;
}

/**
 * A collection of JSON documents.
 *
 * Every write resolves only after it is durable (SQLite: synchronous FULL commit; MongoDB: w majority, journaled). Every read
 * sees all writes that resolved before it (MongoDB: primary, read concern majority).
 *
 * Errors: `DuplicateKey` when a unique index other than the id's refuses a document (which one is not portable: look it up);
 * `StoreUnavailable` when the store cannot be reached or refuses work (disk full, read-only): nothing was written;
 * `WriteUncertain` when the answer was lost: the write may have happened, so the caller reads before it decides.
 */
export interface Collection<T extends Document> {
	readonly name: string;
	findById(id: string): Promise<T | null>;
	/** Those that exist, in no particular order. */
	findByIds(ids: readonly string[]): Promise<T[]>;
	findOne(where: Where): Promise<T | null>;
	find(query: Query): Promise<T[]>;
	count(where?: Where): Promise<number>;
	/**
	 * Stores a document under the id it carries. If that id is taken already, nothing changes and the stored document comes
	 * back with `created: false`; whether it is a repeat is for the caller to say (same request key, same body hash). A lost
	 * answer is repeated inside, which is safe because the id was chosen before: it may then answer `created: false` for
	 * a document that this very call stored, so no effect may hang on `created` alone.
	 */
	create(document: T): Promise<{ created: boolean; document: T }>;
	/**
	 * Stores many, in no order; those whose id (or another unique key) is taken are left out. Answers how many are new; after a
	 * lost answer, which is repeated inside, those of the first try count as taken.
	 */
	createMany(documents: readonly T[]): Promise<number>;
	/**
	 * Stores documents one after the other in one command and stops at the first that a taken id or unique key refuses. Answers how
	 * many were stored, counted from the first. Never repeated inside: after a lost answer it throws WriteUncertain.
	 */
	insertInOrder(documents: readonly T[]): Promise<number>;
	/** Changes at most one document, atomically, and answers it as it is after the change; null when none matched. */
	update(where: Where, update: Update): Promise<T | null>;
	/** Many independent updates of one document each, in no order, in as few commands as the store allows. Answers how many matched. */
	updateMany(updates: readonly { where: Where; update: Update }[]): Promise<number>;
	remove(where: Where): Promise<number>;
}

/** What a service's readiness and `npm run migrate` need to know about a collection. */
export interface CollectionAdmin {
	ensureIndexes(): Promise<void>;
	/** Names of those indexes of the spec that the store does not have (yet). */
	missingIndexes(): Promise<string[]>;
	dropIndexes(): Promise<void>;
}
