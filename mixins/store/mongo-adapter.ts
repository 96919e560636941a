import type { Service, ServiceBroker } from "moleculer";
import MongoDbAdapter from "moleculer-db-adapter-mongo";
import type { Collection, Document } from "mongodb";

/**
 * moleculer-db's adapter for MongoDB on the current driver, for reads by moleculer-db's methods (`this._find` …). It was written
 * for driver 3: what asks for `ObjectID`, `db.on`, `res.ops` or `res.value`, none of which is there any more, is replaced.
 * The connection is that of the store.
 */
export class SoukMongoAdapter extends MongoDbAdapter {
	declare broker: ServiceBroker;
	declare service: Service;

	constructor(collection: Collection<never>) {
		super("", {});
		this.collection = collection as unknown as Collection; // ids are strings with us, ObjectId in the driver's default type
	}

	/** The inherited one wants a `collection` in the service's schema; the store has named ours already. */
	override init(broker: ServiceBroker, service: Service): void {
		this.broker = broker;
		this.service = service;
	}

	override async connect(): Promise<void> {}

	/** The store closes the client that all its collections share. */
	override async disconnect(): Promise<void> {}

	/** One document: the package's types say an array, its code and moleculer-db do not. */
	override async insert(entity: object): Promise<object[]> {
		await this.collection.insertOne(entity);
		return entity as object[];
	}

	override async insertMany(entities: object[]): Promise<object[]> {
		await this.collection.insertMany(entities);
		return entities;
	}

	override async updateById(id: string, update: object): Promise<object> {
		return (await this.collection.findOneAndUpdate(this.#byId(id), update as Document, { returnDocument: "after" })) as object;
	}

	override async removeById(id: string): Promise<object> {
		return (await this.collection.findOneAndDelete(this.#byId(id))) as object;
	}

	/** Ours are strings of our own making, whatever they look like. */
	stringToObjectID(id: string): string {
		return id;
	}

	#byId(id: string): object {
		return { _id: this.stringToObjectID(id) };
	}
}
