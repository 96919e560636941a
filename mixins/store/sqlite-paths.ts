import type { IndexSpec } from "./port.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import type { KnownPaths } from "./sqlite-sql.ts";

// Which indexed paths of a collection cross an array in some document. MongoDB keeps the same mark on its indexes ("multikey").
// A path without the mark may be asked for in SQL; a path with it, or one that was never looked at, is left to the check of each row.

type Json = Readonly<Record<string, unknown>>;

const crossesArray = (document: object, keys: readonly string[]): boolean => {
	let value: unknown = document;
	for (const key of keys) {
		if (typeof value !== "object" || value === null) return false;
		value = (value as Json)[key];
		if (Array.isArray(value)) return true;
	}
	return false;
};

export class SqlitePaths implements KnownPaths {
	readonly #database: SqliteDatabase;
	readonly #collection: string;
	/** Looked at, and free of arrays so far. */
	readonly #plain = new Map<string, readonly string[]>();
	readonly #known = new Set<string>();
	readonly #sparse = new Set<string>();
	readonly #unique = new Set<string>();

	constructor(database: SqliteDatabase, collection: string, indexes: readonly IndexSpec[]) {
		this.#database = database;
		this.#collection = collection;
		for (const { fields, sparse, unique } of indexes) {
			for (const [path] of fields) {
				if (sparse) this.#sparse.add(path);
				if (unique) this.#unique.add(path);
			}
		}
		const rows = database.prepare("SELECT path, arrays FROM souk_paths WHERE collection = ?").all(collection);
		for (const { path, arrays } of rows) this.#learn(String(path), arrays === 1);
	}

	usable(path: string): boolean {
		return path === "_id" || this.#plain.has(path);
	}

	sparse(path: string): boolean {
		return this.#sparse.has(path);
	}

	/** To be called, inside the transaction, with every document that is stored. */
	see(document: object): void {
		for (const [path, keys] of this.#plain) {
			if (crossesArray(document, keys)) this.#mark(path);
		}
	}

	/** Looks through all documents for those of `indexes` that are new. Inside the transaction that makes them. */
	survey(indexes: readonly IndexSpec[], documents: () => Iterable<object>): void {
		const paths = new Set(indexes.flatMap(({ fields }) => fields.map(([path]) => path)));
		const fresh = [...paths].filter((path) => path !== "_id" && !this.#known.has(path));
		if (fresh.length === 0) return;
		for (const path of fresh) {
			this.#database.prepare("INSERT INTO souk_paths VALUES (?, ?, 0)").run(this.#collection, path);
			this.#learn(path, false);
		}
		for (const document of documents()) this.see(document);
	}

	#learn(path: string, arrays: boolean): void {
		this.#known.add(path);
		if (!arrays) this.#plain.set(path, path.split("."));
	}

	#mark(path: string): void {
		if (this.#unique.has(path))
			throw new TypeError(`"${path}" of ${this.#collection} is part of a unique index and must not hold an array`);
		// Should this transaction be undone, the mark in memory stays until the next start: slower, and still right.
		this.#plain.delete(path);
		this.#database.prepare("UPDATE souk_paths SET arrays = 1 WHERE collection = ? AND path = ?").run(this.#collection, path);
	}
}
