import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { ServiceBroker } from "moleculer";
import DbService from "moleculer-db";
import MongoDbAdapter from "moleculer-db-adapter-mongo";

// What the store leans on in moleculer-db and its adapter. If one of these fails after an upgrade, read what it says about.

const require = createRequire(import.meta.url);
const service = DbService as unknown as Record<string, unknown> & { actions: object; methods: object };

describe("contract: moleculer-db 0.9", () => {
	it("publishes these actions and no others: the mixin turns off all that it finds", () => {
		assert.deepEqual(Object.keys(service.actions).sort(), [
			"count",
			"create",
			"find",
			"get",
			"insert",
			"list",
			"remove",
			"update",
		]);
	});

	it("has one created, one started and one stopped handler: the mixin keeps the first and does the work of the others", () => {
		for (const name of ["created", "started", "stopped"]) assert.equal(typeof service[name], "function", name);
	});

	it("reads through methods that ask `this.adapter` each time, so that it may be set as late as the start", async () => {
		const broker = new ServiceBroker({ logger: false });
		const { started: _started, stopped: _stopped, ...rest } = service;
		const made = broker.createService({
			...rest,
			name: "db",
			merged: (schema: { adapter: unknown }) => {
				schema.adapter = { init: () => undefined };
			},
		} as never);
		await broker.start();
		const adapter = {
			find: async () => [{ _id: "late" }],
			entityToObject: (it: object) => it,
			afterRetrieveTransformID: (it: object) => it,
		};
		Object.assign(made, { adapter });
		assert.deepEqual(await (made as never as { _find(ctx: null, params: object): Promise<object[]> })._find(null, {}), [
			{ _id: "late" },
		]);
		await broker.stop();
	});

	it("copies the schema of a mixin deeply, so an adapter with a connection must not be in it", () => {
		class Connection {
			socket = {};
		}
		const connection = new Connection();
		const broker = new ServiceBroker({ logger: false });
		const made = broker.createService({ name: "copied", mixins: [{ adapter: connection } as never] });
		assert.notEqual((made.schema as never as { adapter: unknown }).adapter, connection);
	});
});

describe("contract: moleculer-db-adapter-mongo 0.5 on driver 7", () => {
	const driver = require("mongodb") as Record<string, unknown>;

	it("runs on the driver that the rest of Souk uses", () => {
		const own = createRequire(require.resolve("moleculer-db-adapter-mongo"));
		assert.equal(own.resolve("mongodb"), require.resolve("mongodb"));
	});

	it("asks for ObjectID, which is gone, whenever an id is a string: stringToObjectID is replaced", () => {
		assert.equal(driver.ObjectID, undefined);
		const original = new MongoDbAdapter("", {}) as unknown as { stringToObjectID(id: string): unknown };
		assert.throws(() => original.stringToObjectID("an-id-that-is-a-string"), TypeError);
	});

	it("wants a collection in the service's schema: init is replaced", () => {
		const original = new MongoDbAdapter("", {});
		assert.throws(() => original.init({} as never, { schema: {} } as never), /collection/);
	});

	it("answers from fields of a result that the driver does not give any more: insert, insertMany, updateById, removeById are replaced", async () => {
		const original = new MongoDbAdapter("", {});
		original.collection = {
			insertOne: async () => ({ acknowledged: true, insertedId: "x" }),
			insertMany: async () => ({ acknowledged: true, insertedCount: 1, insertedIds: { 0: "x" } }),
			findOneAndUpdate: async () => ({ _id: "x" }),
			findOneAndDelete: async () => ({ _id: "x" }),
		} as never;
		Object.assign(original, { stringToObjectID: (id: string) => id });
		assert.equal(await original.insert({ _id: "x" }), undefined);
		assert.equal(await original.insertMany([{ _id: "x" }]), undefined);
		assert.equal(await original.updateById("x", {}), undefined);
		assert.equal(await original.removeById("x"), undefined);
	});

	it("splits a sort on its first comma only, and moleculer-db's sanitizeParams does so on all before", () => {
		const original = new MongoDbAdapter("", {}) as unknown as { transformSort(sort: string): object };
		assert.deepEqual(Object.keys(original.transformSort("a,b,c")), ["a", "b,c"]);
	});
});
