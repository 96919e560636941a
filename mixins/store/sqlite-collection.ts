import { applyUpdate } from "./apply-update.ts";
import { checkId, checkIndexes, checkWhere, normalUpdate } from "./checks.ts";
import { DuplicateKey } from "./errors.ts";
import { compileWhere } from "./matcher.ts";
import { mongoQuery } from "./mongo-query.ts";
import type { Collection, CollectionAdmin, CollectionSpec, Document, IndexSpec, Query, Update, Where } from "./port.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { isUniqueViolation } from "./sqlite-errors.ts";
import { SqlitePaths } from "./sqlite-paths.ts";
import { createIndexSql, plan } from "./sqlite-sql.ts";

/** The port on one table of SQLite: `id` and the document as JSON. */
export class SqliteCollection<T extends Document> implements Collection<T>, CollectionAdmin {
	readonly name: string;
	readonly #database: SqliteDatabase;
	readonly #indexes: readonly IndexSpec[];
	readonly #table: string;
	readonly #paths: SqlitePaths;
	readonly #sql: Record<"byId" | "byIds" | "insert" | "update" | "remove" | "count", string>;

	constructor(database: SqliteDatabase, name: string, { indexes = [] }: CollectionSpec = {}) {
		checkIndexes(name, indexes);
		this.name = name;
		this.#database = database;
		this.#indexes = indexes;
		this.#table = `c_${name}`;
		const table = `"${this.#table}"`;
		database.raw.exec(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL)`);
		this.#paths = new SqlitePaths(database, name, indexes);
		this.#sql = {
			byId: `SELECT body FROM ${table} WHERE id = ?`,
			byIds: `SELECT body FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`,
			insert: `INSERT INTO ${table} (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING`,
			update: `UPDATE ${table} SET body = ? WHERE id = ?`,
			remove: `DELETE FROM ${table} WHERE id = ?`,
			count: `SELECT count(*) AS n FROM ${table}`,
		};
	}

	async findById(id: string): Promise<T | null> {
		const body = this.#database.read(() => this.#body(id));
		return body === undefined ? null : (JSON.parse(body) as T);
	}

	async findByIds(ids: readonly string[]): Promise<T[]> {
		const rows = this.#database.read(() => this.#database.prepare(this.#sql.byIds).all(JSON.stringify(ids)));
		return rows.map(({ body }) => JSON.parse(String(body)) as T);
	}

	async findOne(where: Where): Promise<T | null> {
		return this.#database.read(() => this.#search({ where, limit: 1 })[0] ?? null);
	}

	async find(query: Query): Promise<T[]> {
		return this.#database.read(() => this.#search(query));
	}

	async count(where: Where = {}): Promise<number> {
		if (Object.keys(where).length > 0) return (await this.find({ where })).length;
		return this.#database.read(() => Number(this.#database.prepare(this.#sql.count).get()?.n));
	}

	async create(document: T): Promise<{ created: boolean; document: T }> {
		checkId(document._id);
		const body = JSON.stringify(document);
		return this.#database.queue.run(() => {
			if (this.#insert(document, body)) return { created: true, document: JSON.parse(body) as T };
			const stored = this.#body(document._id);
			if (stored === undefined) throw new DuplicateKey(this.name);
			return { created: false, document: JSON.parse(stored) as T };
		});
	}

	async createMany(documents: readonly T[]): Promise<number> {
		for (const { _id } of documents) checkId(_id);
		const rows = documents.map((document) => ({ document, body: JSON.stringify(document) }));
		return this.#database.queue.run(() => rows.filter(({ document, body }) => this.#insert(document, body)).length);
	}

	async insertInOrder(documents: readonly T[]): Promise<number> {
		for (const { _id } of documents) checkId(_id);
		const rows = documents.map((document) => ({ document, body: JSON.stringify(document) }));
		return this.#database.queue.run(() => {
			const refused = rows.findIndex(({ document, body }) => !this.#insert(document, body));
			return refused < 0 ? rows.length : refused;
		});
	}

	async update(where: Where, update: Update): Promise<T | null> {
		checkWhere(where);
		const change = normalUpdate(update, where);
		return this.#database.queue.run(() => this.#update(where, change));
	}

	async updateMany(updates: readonly { where: Where; update: Update }[]): Promise<number> {
		const results = await Promise.allSettled(updates.map(({ where, update }) => this.update(where, update)));
		const failed = results.find((result) => result.status === "rejected");
		if (failed) throw failed.reason;
		return results.filter((result) => result.status === "fulfilled" && result.value !== null).length;
	}

	async remove(where: Where): Promise<number> {
		checkWhere(where);
		return this.#database.queue.run(() => {
			const found = this.#search({ where });
			for (const { _id } of found) this.#database.prepare(this.#sql.remove).run(_id);
			return found.length;
		});
	}

	async ensureIndexes(): Promise<void> {
		await this.#database.queue.run(() => {
			this.#paths.survey(this.#indexes, () => this.#rows("", []));
			for (const spec of this.#missing()) this.#createIndex(spec);
		});
	}

	async missingIndexes(): Promise<string[]> {
		return this.#database.read(() => this.#missing().map(({ name }) => name));
	}

	async dropIndexes(): Promise<void> {
		await this.#database.queue.run(() => {
			for (const { name } of this.#indexes) this.#database.raw.exec(`DROP INDEX IF EXISTS "${this.#indexName(name)}"`);
		});
	}

	/** How SQLite would answer a query: for tests that an index is used. */
	explain(query: Query): string[] {
		const { tail, values } = plan(query, this.#paths);
		const rows = this.#database.raw.prepare(`EXPLAIN QUERY PLAN SELECT body FROM "${this.#table}"${tail}`).all(...values);
		return rows.map(({ detail }) => String(detail));
	}

	#body(id: string): string | undefined {
		return this.#database.prepare(this.#sql.byId).get(id)?.body as string | undefined;
	}

	/** Parsed rows, read from SQLite one by one so that a limit ends the reading. */
	*#rows(tail: string, values: readonly (string | number)[]): Generator<T> {
		for (const { body } of this.#database.prepare(`SELECT body FROM "${this.#table}"${tail}`).iterate(...values)) {
			yield JSON.parse(String(body)) as T;
		}
	}

	#search(query: Query): T[] {
		const { where = {}, sort = [], skip = 0 } = query;
		const limit = query.limit || Number.POSITIVE_INFINITY;
		checkWhere(where);
		const { tail, values, ordered } = plan(query, this.#paths);
		const matches = compileWhere(where);
		const found: T[] = [];
		const enough = ordered ? skip + limit : Number.POSITIVE_INFINITY;
		for (const document of this.#rows(tail, values)) {
			if (matches(document)) found.push(document);
			if (found.length >= enough) break;
		}
		if (ordered) return found.slice(skip);
		return mongoQuery({})
			.find<T>(found)
			.sort(Object.fromEntries(sort))
			.all()
			.slice(skip, skip + limit);
	}

	#insert(document: T, body: string): boolean {
		if (this.#database.prepare(this.#sql.insert).run(document._id, body).changes === 0) return false;
		this.#paths.see(document);
		return true;
	}

	#update(where: Where, update: Update): T | null {
		const found = typeof where._id === "string" ? this.#byId(where._id, where) : this.#search({ where, limit: 1 })[0];
		if (!found) return null;
		applyUpdate(found, update, where);
		const body = JSON.stringify(found);
		try {
			this.#database.prepare(this.#sql.update).run(body, found._id);
		} catch (error) {
			throw isUniqueViolation(error) ? new DuplicateKey(this.name, { cause: error }) : error;
		}
		this.#paths.see(found);
		return JSON.parse(body) as T;
	}

	#byId(id: string, where: Where): T | undefined {
		const body = this.#body(id);
		if (body === undefined) return undefined;
		const document = JSON.parse(body) as T;
		return compileWhere(where)(document) ? document : undefined;
	}

	#indexName(name: string): string {
		return `${this.name}.${name}`;
	}

	#missing(): IndexSpec[] {
		const rows = this.#database.raw
			.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?")
			.all(this.#table);
		const present = new Map(rows.map(({ name, sql }) => [name, sql]));
		return this.#indexes.filter((spec) => {
			const name = this.#indexName(spec.name);
			return present.get(name) !== createIndexSql(this.#table, name, spec);
		});
	}

	#createIndex(spec: IndexSpec): void {
		const name = this.#indexName(spec.name);
		this.#database.raw.exec(`DROP INDEX IF EXISTS "${name}"`);
		try {
			this.#database.raw.exec(createIndexSql(this.#table, name, spec));
		} catch (error) {
			throw isUniqueViolation(error) ? new DuplicateKey(this.name, { cause: error }) : error;
		}
	}
}
