import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DuplicateKey, StoreUnavailable, WriteUncertain } from "../../../mixins/store/errors.ts";
import { openStore, type Store } from "../../../mixins/store/store.ts";
import { Contended, createEntity, type Entity, mutate, outboxIndex } from "../../../mixins/store/versioned.ts";
import { type MongoProxy, startMongoProxy } from "../../support/mongo-proxy.ts";
import { needsOwn, type RunningServer, startMongod } from "../../support/servers.ts";

interface Account extends Entity {
	code?: string;
	balance: number;
}

const at = Date.UTC(2026, 0, 1);
const draft = (n: number): never => ({ type: "user.deleted", subject: `s${n}`, data: { userId: `s${n}` } }) as never; // any type will do here
const concernFailed = (answer: Record<string, unknown>): Record<string, unknown> => ({
	...answer,
	writeConcernError: { code: 64, codeName: "WriteConcernTimeout", errmsg: "waiting for replication timed out" },
});

describe("store (mongo): when answers get lost", () => {
	let server: RunningServer | undefined;
	let proxy: MongoProxy;
	let store: Store<{ accounts: Account }>;
	const told: string[] = [];

	before(async function () {
		this.timeout(90_000);
		needsOwn(this, "mongod");
		server = await startMongod({ own: true });
		proxy = await startMongoProxy(server.port);
		const indexes = [outboxIndex, { name: "code", fields: [["code", 1]], unique: true, sparse: true }] as const;
		const profile = { kind: "mongo", url: proxy.url, dbName: "lost" } as const;
		store = await openStore<{ accounts: Account }>({ collections: { accounts: { indexes } }, profile, source: "/souk/test" });
		store.onEvents = (_collection, _id, events) => {
			told.push(...events.map(({ id }) => id));
		};
	});
	beforeEach(() => told.splice(0));
	after(async () => {
		await store?.close();
		await proxy?.close();
		await server?.stop();
	});

	const account = (): { _id: string; balance: number } => ({ _id: randomUUID(), balance: 0 });

	for (const fault of ["lose answer", "lose request"] as const) {
		describe(fault, () => {
			it("create is repeated inside, and the document is there once", async () => {
				const struck = proxy.plan("insert", fault);
				const mine = account();
				const { document } = await store.accounts.create({ ...mine, version: 1, updatedAt: "" });
				await struck;
				assert.equal(document.balance, 0);
				assert.equal(await store.accounts.count({ _id: mine._id }), 1);
			});

			it("createEntity says created, and tells of its events once", async () => {
				const struck = proxy.plan("insert", fault);
				const mine = account();
				const { created, entity } = await createEntity(store.accounts, mine, [draft(1)], { at });
				await struck;
				assert.equal(created, true);
				assert.deepEqual(told, [`accounts.${mine._id}.1.0`]);
				assert.equal(entity.outbox?.length, 1);
			});

			it("createMany is repeated inside", async () => {
				const struck = proxy.plan("insert", fault);
				const many = Array.from({ length: 5 }, () => ({ ...account(), version: 1, updatedAt: "" }));
				await store.accounts.createMany(many);
				await struck;
				assert.equal((await store.accounts.findByIds(many.map(({ _id }) => _id))).length, 5);
			});

			it("a plain update is uncertain", async () => {
				const mine = account();
				await createEntity(store.accounts, mine, [], { at });
				const struck = proxy.plan("findAndModify", fault);
				await assert.rejects(store.accounts.update({ _id: mine._id }, { $inc: { balance: 1 } }), WriteUncertain);
				await struck;
				assert.equal((await store.accounts.findById(mine._id))?.balance, fault === "lose answer" ? 1 : 0);
			});

			it("updates of many and removals are uncertain", async () => {
				const mine = account();
				await createEntity(store.accounts, mine, [], { at });
				const update = { where: { _id: mine._id }, update: { $inc: { balance: 1 } } };
				const struck = proxy.plan("update", fault);
				await assert.rejects(store.accounts.updateMany([update]), WriteUncertain);
				await struck;
				const struckAgain = proxy.plan("delete", fault);
				await assert.rejects(store.accounts.remove({ _id: mine._id }), WriteUncertain);
				await struckAgain;
			});

			it("mutate finds out and changes the entity once", async () => {
				const mine = account();
				await createEntity(store.accounts, mine, [], { at });
				const struck = proxy.plan("findAndModify", fault);
				const result = await mutate(store.accounts, mine._id, () => ({ inc: { balance: 10 }, events: [draft(1)] }), { at });
				await struck;
				assert.equal(result?.changed, true);
				const stored = await store.accounts.findById(mine._id);
				assert.equal(stored?.balance, 10);
				assert.equal(stored?.version, 2);
				assert.deepEqual(stored?.outbox?.map(({ id }) => id), [`accounts.${mine._id}.2.0`]); // biome-ignore format: one line
				assert.deepEqual(told, [`accounts.${mine._id}.2.0`]);
			});
		});
	}

	it("create does not say that nothing was written when all it knows is that its id is taken", async () => {
		const mine = { ...account(), version: 1, updatedAt: "" };
		const losesReads = (times: number): void =>
			void proxy.plan("find", "lose request", 0, { strike: () => times > 1 && losesReads(times - 1) });
		// The first try is carried out, the second finds the id taken, and whose document that is cannot be read.
		const struck = proxy.plan("insert", concernFailed, 0, { strike: () => losesReads(2) });
		await assert.rejects(store.accounts.create(mine), WriteUncertain);
		await struck;
		assert.deepEqual(await store.accounts.findById(mine._id), mine);
	});

	it("mutate does not do again what arrives at the server only after its read", async () => {
		const mine = account();
		await createEntity(store.accounts, mine, [], { at });
		const struck = proxy.plan("findAndModify", "deliver late");
		let writes = 0;
		const { accounts } = store;
		const watched = {
			name: accounts.name,
			outbox: accounts.outbox,
			findById: (id: string) => accounts.findById(id),
			// The second round has read the old state; before its write gets there, that of the first does.
			update: async (...args: Parameters<typeof accounts.update>) => {
				writes += 1;
				if (writes === 2) await proxy.deliver();
				return accounts.update(...args);
			},
		} as unknown as typeof accounts; // all that mutate asks for
		const result = await mutate(watched, mine._id, () => ({ inc: { balance: 10 }, events: [draft(1)] }), { at });
		await struck;
		assert.equal(result?.changed, true);
		assert.equal(writes, 2);
		const stored = await accounts.findById(mine._id);
		assert.equal(stored?.balance, 10);
		assert.equal(stored?.version, 2);
		assert.equal(stored?.outbox?.length, 1);
		assert.deepEqual(told, [`accounts.${mine._id}.2.0`]);
	});

	it("a majority that did not answer in time is uncertain, not a refusal", async () => {
		const mine = account();
		await createEntity(store.accounts, mine, [], { at });
		const struck = proxy.plan("findAndModify", concernFailed);
		await assert.rejects(store.accounts.update({ _id: mine._id }, { $inc: { balance: 1 } }), WriteUncertain);
		await struck;
		const struckMany = proxy.plan("update", concernFailed);
		await assert.rejects(
			store.accounts.updateMany([{ where: { _id: mine._id }, update: { $inc: { balance: 1 } } }]),
			WriteUncertain,
		);
		await struckMany;
		assert.equal((await store.accounts.findById(mine._id))?.balance, 2);
	});

	it("create asks again when the majority did not answer in time", async () => {
		const struck = proxy.plan("insert", concernFailed);
		const mine = account();
		const { created } = await createEntity(store.accounts, mine, [], { at });
		await struck;
		assert.equal(created, true);
	});

	it("a taken key is told also when the first try's answer was lost", async () => {
		const [x, y] = [account(), account()];
		await createEntity(store.accounts, { ...x, code: x._id }, [], { at });
		const struck = proxy.plan("insert", "lose answer");
		await assert.rejects(createEntity(store.accounts, { ...y, code: x._id }, [], { at }), DuplicateKey);
		await struck;
		assert.equal(await store.accounts.findById(y._id), null);
	});

	it("a server that is not there is unavailable for reads and writes, and the store is back with it", async function () {
		this.timeout(90_000);
		assert.ok(server);
		const mine = account();
		await createEntity(store.accounts, mine, [], { at });
		await server.kill();
		await assert.rejects(store.accounts.findById(mine._id), StoreUnavailable);
		await assert.rejects(store.accounts.update({ _id: mine._id }, { $inc: { balance: 1 } }), StoreUnavailable);
		await assert.rejects(store.accounts.create({ ...account(), version: 1, updatedAt: "" }), StoreUnavailable);
		await assert.rejects(
			store.accounts.updateMany([{ where: { _id: mine._id }, update: { $inc: { balance: 1 } } }]),
			StoreUnavailable,
		);
		await assert.rejects(
			mutate(store.accounts, mine._id, () => ({ inc: { balance: 1 } }), { at }),
			(error) => error instanceof StoreUnavailable && !(error instanceof Contended),
		);
		const health = await store.health();
		assert.equal(health.ok, false);
		await server.restart();
		assert.equal((await store.accounts.findById(mine._id))?.balance, 0);
		assert.equal((await store.health()).ok, true);
	});
});
