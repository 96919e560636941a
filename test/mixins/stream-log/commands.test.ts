import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { CommandStartedEvent, MongoClient } from "mongodb";
import { newId } from "../../../contracts/ids.ts";
import { acquireClient, releaseClient } from "../../../mixins/store/mongo-client.ts";
import { StoreStreamLog } from "../../../mixins/stream-log/stream-log.ts";
import { aDraft, type LogStore, openLogStore } from "../../support/a-stream-log.ts";
import { type MongoProxy, startMongoProxy } from "../../support/mongo-proxy.ts";
import { needsOwn, type RunningServer, startMongod } from "../../support/servers.ts";

const reads = ["find", "aggregate", "count"];

describe("stream log (mongo): what is asked of the server", () => {
	let server: RunningServer | undefined;
	let proxy: MongoProxy;
	let store: LogStore;
	let log: StoreStreamLog;
	let client: MongoClient;
	const dbName = `log_${randomUUID().slice(0, 8)}`;
	const commands: CommandStartedEvent[] = [];
	const record = (event: CommandStartedEvent): void => {
		if (event.databaseName === dbName) commands.push(event);
	};
	const batch = (stream: string, from: number, count: number) =>
		Array.from({ length: count }, (_, index) => aDraft(stream, from + index, `m${from + index}`));
	const names = (): string[] => commands.map(({ commandName }) => commandName);

	before(async function () {
		this.timeout(90_000);
		needsOwn(this, "mongod");
		server = await startMongod({ own: true });
		proxy = await startMongoProxy(server.port);
		store = await openLogStore({ kind: "mongo", url: proxy.url, dbName });
		log = new StoreStreamLog(store.entries);
		client = acquireClient(proxy.url);
		client.on("commandStarted", record);
	});
	beforeEach(() => commands.splice(0));
	after(async () => {
		if (!server) return;
		client.off("commandStarted", record);
		await releaseClient(client);
		await store.close();
		await proxy.close();
		await server.stop();
	});

	it("a batch is one command, which waits for a majority with journal", async () => {
		await log.append(batch(newId(), 1, 64));
		assert.deepEqual(names(), ["insert"]);
		const { ordered, writeConcern } = commands[0]?.command ?? {};
		assert.deepEqual([ordered, writeConcern.w, writeConcern.j], [true, "majority", true]);
	});

	it("a repeat or a taken seq costs one look or two more, whatever the size of the batch", async () => {
		const stream = newId();
		await log.append(batch(stream, 1, 8));
		commands.splice(0);
		assert.equal((await log.append([...batch(stream, 9, 20), aDraft(stream, 29, "m3"), ...batch(stream, 30, 20)])).end, "repeat");
		assert.deepEqual(names(), ["insert", "find"]);
		commands.splice(0);
		assert.equal((await log.append([aDraft(stream, 4, "new")])).end, "taken");
		assert.deepEqual(names(), ["insert", "find", "find"]);
	});

	it("each read is one command, answered by the primary from what a majority has", async () => {
		const stream = newId();
		await log.append(batch(stream, 1, 8));
		commands.splice(0);
		await log.tail(stream);
		await log.at(stream, 3);
		await log.after(stream, 2, 5);
		await log.before(stream, 7, 5);
		await log.posted(stream, [{ from: "ann", id: "m3" }]);
		await log.append([aDraft(stream, 4, "new")]);
		const asked = commands.filter(({ commandName }) => reads.includes(commandName));
		assert.equal(asked.length, 7);
		for (const { command, commandName } of asked) {
			assert.equal(command.readConcern?.level, "majority", commandName);
			assert.ok([undefined, "primary", "primaryPreferred"].includes(command.$readPreference?.mode), commandName); // a direct connection asks for primaryPreferred
		}
	});

	for (const fault of ["lose answer", "lose request"] as const) {
		it(`${fault}: the batch is in the log once, and told so`, async () => {
			const stream = newId();
			const struck = proxy.plan("insert", fault);
			assert.deepEqual(await log.append(batch(stream, 1, 5)), { stored: 5, end: "all" });
			await struck;
			assert.deepEqual((await log.after(stream, 0, 10)).map(({ id }) => id), ["m1", "m2", "m3", "m4", "m5"]); // biome-ignore format: one line
		});
	}

	it("a first try that arrives after the outcome was told adds nothing", async () => {
		const stream = newId();
		const struck = proxy.plan("insert", "deliver late");
		assert.deepEqual(await log.append(batch(stream, 1, 5)), { stored: 5, end: "all" });
		await struck;
		await log.append(batch(stream, 6, 1));
		await proxy.deliver();
		assert.deepEqual((await log.after(stream, 0, 10)).map(({ id }) => id), ["m1", "m2", "m3", "m4", "m5", "m6"]); // biome-ignore format: one line
	});

	it("a majority that did not answer in time is looked up before anything is said", async () => {
		const stream = newId();
		const struck = proxy.plan("insert", (answer) => ({
			...answer,
			writeConcernError: { code: 64, codeName: "WriteConcernTimeout", errmsg: "waiting for replication timed out" },
		}));
		assert.deepEqual(await log.append(batch(stream, 1, 5)), { stored: 5, end: "all" });
		await struck;
		assert.ok(names().includes("find"));
		assert.equal(await log.tail(stream), 5);
	});
});
