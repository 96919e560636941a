import { randomUUID } from "node:crypto";
import type { Service, ServiceBroker } from "moleculer";
import type { DbAdapter, QueryOptions } from "moleculer-db";
import type { Collection, Document, Sort, Update, Where } from "./port.ts";

type Entity = Document & Record<string, unknown>;

interface Filters {
	query?: QueryOptions;
	sort?: string | readonly string[];
	limit?: string | number | null;
	offset?: string | number | null;
	search?: string;
}

const sortOf = (sort: string | readonly string[] = []): Sort => {
	const fields = typeof sort === "string" ? sort.split(/[\s,]+/).filter(Boolean) : sort;
	return fields.map((field) => (field.startsWith("-") ? [field.slice(1), -1] : [field, 1]));
};

const byId = (id: string | number): Where => ({ _id: String(id) });

/** moleculer-db's adapter over the port, so that moleculer-db's methods (`this._find`, `this._list` …) work on the embedded store. */
export class SqliteAdapter implements DbAdapter {
	declare broker: ServiceBroker;
	declare service: Service;
	readonly collection: Collection<Entity>;

	constructor(collection: Collection<Document>) {
		this.collection = collection as Collection<Entity>;
	}

	init(broker: ServiceBroker, service: Service): void {
		this.broker = broker;
		this.service = service;
	}

	/** The store opens and closes the file that all its collections share. */
	async connect(): Promise<void> {}
	async disconnect(): Promise<void> {}

	find(filters: Filters = {}): Promise<Entity[]> {
		return this.createCursor(filters);
	}

	/** Null if there is none, which moleculer-db's methods expect and its types do not say. */
	async findOne(query: QueryOptions): Promise<object> {
		return (await this.collection.findOne(query as Where)) as object;
	}

	async findById(id: string | number): Promise<object> {
		return (await this.collection.findById(String(id))) as object;
	}

	findByIds(ids: (string | number)[]): Promise<Entity[]> {
		return this.collection.findByIds(ids.map(String));
	}

	count(filters: Filters = {}): Promise<number> {
		return this.collection.count(filters.query as Where | undefined);
	}

	async insert(entity: object): Promise<object> {
		const document = { _id: randomUUID() as string, ...entity };
		const { created, document: stored } = await this.collection.create(document);
		if (!created) throw new Error(`the id ${document._id} of ${this.collection.name} is taken`);
		return stored;
	}

	insertMany(entities: object[]): Promise<object[]> {
		return Promise.all(entities.map((entity) => this.insert(entity)));
	}

	async updateMany(query: QueryOptions, update: object): Promise<number> {
		const found = await this.collection.find({ where: query as Where });
		return this.collection.updateMany(found.map(({ _id }) => ({ where: { ...query, _id } as Where, update: update as Update })));
	}

	async updateById(id: string | number, update: object): Promise<object> {
		return (await this.collection.update(byId(id), update as Update)) as object;
	}

	removeMany(query: QueryOptions): Promise<number> {
		return this.collection.remove(query as Where);
	}

	async removeById(id: string | number): Promise<object> {
		const found = await this.findById(id);
		await this.collection.remove(byId(id));
		return found;
	}

	async clear(): Promise<void> {
		await this.collection.remove({});
	}

	entityToObject(entity: object): object {
		return { ...entity };
	}

	async createCursor({ query, sort, limit, offset, search }: Filters): Promise<Entity[]> {
		if (search) throw new TypeError("the store has no full-text search");
		return this.collection.find({
			where: (query ?? {}) as Where,
			sort: sortOf(sort),
			limit: Number(limit ?? 0),
			skip: Number(offset ?? 0),
		});
	}

	beforeSaveTransformID(entity: object, idField: string): object {
		if (idField === "_id" || !(idField in entity)) return { ...entity };
		const { [idField as never]: _id, ...rest } = entity as Record<string, unknown>;
		return { ...rest, _id };
	}

	afterRetrieveTransformID(entity: object, idField: string): object {
		if (idField === "_id") return entity;
		const { _id, ...rest } = entity as Entity;
		return { ...rest, [idField]: _id };
	}
}
