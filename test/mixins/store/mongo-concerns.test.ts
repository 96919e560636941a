import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { CommandStartedEvent } from "mongodb";
import { acquireClient, releaseClient } from "../../../mixins/store/mongo-client.ts";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import { createEntity, type Entity, mutate, outboxIndex } from "../../../mixins/store/versioned.ts";
import { needs, type RunningServer, startMongod } from "../../support/servers.ts";

const writes = ["insert", "update", "delete", "findAndModify"];
const reads = ["find", "aggregate", "count"];

describe("store (mongo): what is asked of the server", () => {
	let server: RunningServer | undefined;
	let store: Store<{ things: Entity }>;
	let url = "";
	const dbName = `concerns_${randomUUID().slice(0, 8)}`;
	const commands: CommandStartedEvent[] = [];
	const record = (event: CommandStartedEvent): void => {
		if (event.databaseName !== "admin") commands.push(event);
	};

	before(async function () {
		this.timeout(90_000);
		needs(this, "mongod");
		server = await startMongod();
		// A URL that would weaken what the store promises.
		url = `${server.url}${server.url.includes("?") ? "&" : "/?"}w=1&journal=false&readConcernLevel=local&readPreference=secondaryPreferred&retryWrites=false`;
		const profile = { kind: "mongo", url, dbName } as const;
		store = await openStore<{ things: Entity }>({ collections: { things: { indexes: [outboxIndex] } }, profile });
		const client = acquireClient(url);
		client.on("commandStarted", record);
	});
	beforeEach(() => commands.splice(0));
	after(async () => {
		if (!server) return;
		const client = acquireClient(url);
		await client.db(dbName).dropDatabase();
		client.off("commandStarted", record);
		for (let users = 0; users < 2; users++) await releaseClient(client);
		await store.close();
		await server.stop();
	});

	const everything = async (): Promise<void> => {
		const { things } = store;
		const _id = randomUUID();
		const other = { _id: randomUUID(), version: 1, updatedAt: "" };
		await createEntity(things, { _id }, [], { at: 0 });
		await mutate(things, _id, () => ({ set: { a: 1 } }), { at: 0 });
		await things.createMany([other]);
		await things.update({ _id }, { $set: { a: 2 } });
		await things.updateMany([{ where: { _id }, update: { $set: { a: 3 } } }]);
		await things.find({ where: { a: 3 }, sort: [["_id", 1]], limit: 2 });
		await things.findOne({ a: 3 });
		await things.findByIds([_id]);
		await things.count({ a: 3 });
		await things.remove({ _id });
	};

	it("every write waits for a majority with journal, and not for ever", async () => {
		await everything();
		const sent = commands.filter(({ commandName }) => writes.includes(commandName));
		assert.deepEqual(new Set(sent.map(({ commandName }) => commandName)), new Set(writes));
		for (const { command, commandName } of sent) {
			const { w, j, wtimeout } = command.writeConcern;
			assert.deepEqual([w, j, wtimeout > 0], ["majority", true, true], commandName);
		}
	});

	it("every read is answered by the primary from what a majority has", async () => {
		await everything();
		const sent = commands.filter(({ commandName }) => reads.includes(commandName));
		assert.ok(sent.length >= 5);
		for (const { command, commandName } of sent) {
			assert.equal(command.readConcern?.level, "majority", commandName);
			assert.ok([undefined, "primary", "primaryPreferred"].includes(command.$readPreference?.mode), commandName);
		}
	});

	it("nothing leaves the portable part: no transaction, no pipeline in an update, no upsert", async () => {
		await everything();
		for (const { command } of commands) {
			assert.equal(command.startTransaction, undefined);
			assert.equal(command.autocommit, undefined);
			assert.equal(Array.isArray(command.update) && command.findAndModify !== undefined, false);
			assert.notEqual(command.upsert, true);
		}
	});

	it("many writes are one command each way", async () => {
		const many = Array.from({ length: 20 }, (_, n) => ({ _id: `many-${n}-${randomUUID()}`, version: 1, updatedAt: "" }));
		await store.things.createMany(many);
		await store.things.updateMany(many.map(({ _id }) => ({ where: { _id }, update: { $inc: { version: 1 } } })));
		assert.deepEqual(commands.map(({ commandName }) => commandName), ["insert", "update"]); // biome-ignore format: one line
	});

	it("an entity is made by one command and changed by two", async () => {
		const _id = randomUUID();
		await createEntity(store.things, { _id }, [], { at: 0 });
		await mutate(store.things, _id, () => ({ set: { a: 1 } }), { at: 0 });
		assert.deepEqual(commands.map(({ commandName }) => commandName), ["insert", "find", "findAndModify"]); // biome-ignore format: one line
	});

	it("a URL's own time-outs count, its concerns do not", async () => {
		const patient = `${url}&serverSelectionTimeoutMS=1234`;
		const client = acquireClient(patient);
		const { serverSelectionTimeoutMS, socketTimeoutMS, retryWrites, readPreference, writeConcern, readConcern } = client.options;
		assert.deepEqual([serverSelectionTimeoutMS, socketTimeoutMS, retryWrites], [1_234, 10_000, true]);
		assert.deepEqual(
			[readPreference.mode, writeConcern.w, writeConcern.journal, readConcern.level],
			["primary", "majority", true, "majority"],
		);
		await releaseClient(client);
		const several = acquireClient("mongodb://user:p%40ss@one:27017,two:27018/shop?replicaSet=rs0&w=1");
		assert.equal(several.options.hosts.length, 2);
		assert.deepEqual(
			[several.options.dbName, several.options.replicaSet, several.options.credentials?.password],
			["shop", "rs0", "p@ss"],
		);
		await releaseClient(several);
	});

	it("all stores of a process share one client a URL", () => {
		const client = acquireClient(url);
		assert.equal(acquireClient(url), client);
		return Promise.all([releaseClient(client), releaseClient(client)]);
	});
});
