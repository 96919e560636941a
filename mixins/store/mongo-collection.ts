import { setTimeout as delay } from "node:timers/promises";
import type { AnyBulkWriteOperation, Filter, Collection as MongoNative, UpdateFilter } from "mongodb";
import { checkId, checkIndexes, checkWhere, normalUpdate } from "./checks.ts";
import { DuplicateKey, StoreUnavailable, WriteUncertain } from "./errors.ts";
import { trackSent } from "./mongo-client.ts";
import { onlyDuplicates, readError, writeError } from "./mongo-errors.ts";
import { indexState } from "./mongo-indexes.ts";
import type { Collection, CollectionAdmin, CollectionSpec, Document, IndexSpec, Query, Update, Where } from "./port.ts";

/** How often a write that is safe to repeat is sent, and the longest pause between, in ms. */
const tries = 4;
const longestPause = 1_000;

/** The native driver wants its own types of filters and updates; ours are a subset of them, checked at run time. */
type Native = Document & Record<string, unknown>;
const filter = (where: Where): Filter<Native> => where as Filter<Native>;
const change = (update: Update): UpdateFilter<Native> => update as UpdateFilter<Native>;

/** The port on one collection of MongoDB. The native collection comes from a client made by mongo-client.ts, which sets the concerns. */
export class MongoCollection<T extends Document> implements Collection<T>, CollectionAdmin {
	readonly name: string;
	readonly #native: MongoNative<Native>;
	readonly #indexes: readonly IndexSpec[];

	constructor(native: MongoNative<Native>, { indexes = [] }: CollectionSpec = {}) {
		checkIndexes(native.collectionName, indexes);
		this.name = native.collectionName;
		this.#native = native;
		this.#indexes = indexes;
	}

	findById(id: string): Promise<T | null> {
		return this.#read(() => this.#native.findOne({ _id: id }));
	}

	async findByIds(ids: readonly string[]): Promise<T[]> {
		if (ids.length === 0) return []; // nothing to ask: sweepers that found nothing come here every time
		return this.#read(() => this.#native.find({ _id: { $in: ids } }).toArray());
	}

	async findOne(where: Where): Promise<T | null> {
		checkWhere(where);
		return this.#read(() => this.#native.findOne(filter(where)));
	}

	async find({ where = {}, sort = [], limit = 0, skip = 0 }: Query): Promise<T[]> {
		checkWhere(where);
		const order: [string, 1 | -1][] = sort.map(([path, direction]) => [path, direction]);
		return this.#read(() => this.#native.find(filter(where)).sort(order).skip(skip).limit(limit).toArray());
	}

	async count(where: Where = {}): Promise<number> {
		checkWhere(where);
		return this.#read(() => this.#native.countDocuments(filter(where)));
	}

	async create(document: T): Promise<{ created: boolean; document: T }> {
		checkId(document._id);
		try {
			await this.#repeat(() => this.#native.insertOne(document as Native));
		} catch (error) {
			if (!(error instanceof DuplicateKey)) throw error;
			// Which key was taken is not portable: if it was the id, the document is there.
			const stored = await this.#whoHas(document._id);
			if (!stored) throw error;
			return { created: false, document: stored };
		}
		return { created: true, document: JSON.parse(JSON.stringify(document)) as T };
	}

	async createMany(documents: readonly T[]): Promise<number> {
		for (const { _id } of documents) checkId(_id);
		if (documents.length === 0) return 0;
		return this.#repeat(async () => {
			try {
				return (await this.#native.insertMany(documents as readonly object[] as Native[], { ordered: false })).insertedCount;
			} catch (error) {
				if (!onlyDuplicates(error)) throw error;
				return documents.length - error.result.getWriteErrors().length;
			}
		});
	}

	async insertInOrder(documents: readonly T[]): Promise<number> {
		for (const { _id } of documents) checkId(_id);
		if (documents.length === 0) return 0;
		return this.#write(async () => {
			try {
				return (await this.#native.insertMany(documents as readonly object[] as Native[], { ordered: true })).insertedCount;
			} catch (error) {
				if (!onlyDuplicates(error)) throw error;
				return error.result.getWriteErrors()[0]?.index ?? 0; // there is one: it is what `onlyDuplicates` looks at
			}
		});
	}

	async update(where: Where, update: Update): Promise<T | null> {
		checkWhere(where);
		const changes = change(normalUpdate(update, where));
		const changed = await this.#write(() => this.#native.findOneAndUpdate(filter(where), changes, { returnDocument: "after" }));
		return changed as T | null;
	}

	async updateMany(updates: readonly { where: Where; update: Update }[]): Promise<number> {
		const operations = updates.map(({ where, update }): AnyBulkWriteOperation<Native> => {
			checkWhere(where);
			return { updateOne: { filter: filter(where), update: change(normalUpdate(update, where)) } };
		});
		if (operations.length === 0) return 0;
		return (await this.#write(() => this.#native.bulkWrite(operations, { ordered: false }))).matchedCount;
	}

	async remove(where: Where): Promise<number> {
		checkWhere(where);
		return (await this.#write(() => this.#native.deleteMany(filter(where)))).deletedCount;
	}

	async ensureIndexes(): Promise<void> {
		const { missing } = await this.#indexState();
		for (const { name, fields, unique, sparse } of missing) {
			const options = { name, ...(unique ? { unique } : {}), ...(sparse ? { sparse } : {}) };
			await this.#write(() => this.#native.createIndex(Object.fromEntries(fields), options));
		}
	}

	async missingIndexes(): Promise<string[]> {
		return (await this.#indexState()).missing.map(({ name }) => name);
	}

	async dropIndexes(): Promise<void> {
		const { present } = await this.#indexState();
		for (const name of present) await this.#write(() => this.#native.dropIndex(name));
	}

	#indexState(): Promise<{ missing: IndexSpec[]; present: string[] }> {
		return this.#read(() => indexState(this.#native, this.#indexes));
	}

	/** Whose id it is may be our own, from a try whose answer was lost: as long as nobody can look, "nothing was written" would not be true. */
	async #whoHas(id: string): Promise<T | null> {
		try {
			return await this.findById(id);
		} catch (error) {
			if (!(error instanceof StoreUnavailable)) throw error;
			throw new WriteUncertain(`MongoDB, ${this.name}: an id is taken, and by whom cannot be read`, { cause: error });
		}
	}

	/** Documents of a collection are of the type that the collection was opened with: the cast that all reads share. */
	async #read<R>(work: () => Promise<unknown>): Promise<R> {
		try {
			return (await work()) as R;
		} catch (error) {
			throw readError(error);
		}
	}

	#write<R>(work: () => Promise<R>): Promise<R> {
		return trackSent(work, (error, sent) => writeError(this.name, error, sent));
	}

	/** For writes that do no harm when they happen twice. Once a try may have happened, no later refusal can say that nothing did. */
	async #repeat<R>(work: () => Promise<R>): Promise<R> {
		let uncertain: WriteUncertain | undefined;
		for (let attempt = 1; ; attempt++) {
			try {
				return await this.#write(work);
			} catch (error) {
				if (error instanceof WriteUncertain) uncertain = error;
				if (!(error instanceof WriteUncertain) && !(uncertain && error instanceof StoreUnavailable)) throw error;
				if (attempt >= tries) throw uncertain;
			}
			await delay(Math.random() * Math.min(longestPause, 50 * 2 ** attempt));
		}
	}
}
