import assert from "node:assert/strict";
import { type Service, ServiceBroker, type ServiceSchema } from "moleculer";
import type { EventDraft } from "../../../contracts/events.ts";
import { DataFolderInUse } from "../../../mixins/store/data-folder.ts";
import type { Document } from "../../../mixins/store/port.ts";
import { type StoreMembers, type StoreMethods, store } from "../../../mixins/store/store.mixin.ts";
import { setStoreProfile } from "../../../mixins/store/store-profile.ts";
import { createEntity, type Entity, outboxIndex } from "../../../mixins/store/versioned.ts";
import { bothStores } from "../../support/both-stores.ts";
import { freePort } from "../../support/free-port.ts";
import { nodeChild } from "../../support/node-child.ts";
import { needsOwn, type RunningServer, startMongod } from "../../support/servers.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";

interface Order extends Entity {
	buyer: string;
	total: number;
}

interface Product extends Document {
	name: string;
}

interface Documents {
	orders: Order;
	products: Product;
}

type Members = StoreMembers<Documents> & StoreMethods;

const collections = {
	orders: { indexes: [outboxIndex, { name: "buyer", fields: [["buyer", 1]] }] },
	products: {},
} as const;

const orders = (extra: Partial<ServiceSchema> = {}): ServiceSchema<object, object, Members> =>
	({ name: "orders", mixins: [store<Documents>({ main: "orders", collections })], ...extra }) as ServiceSchema<
		object,
		object,
		Members
	>;

const broker = (): ServiceBroker => new ServiceBroker({ logger: false, nodeID: `store-${Math.random()}` });

bothStores("store: the mixin", (profileOf) => {
	let node: ServiceBroker;
	let service: Service & Members;
	beforeEach(async () => {
		setStoreProfile(profileOf());
		node = broker();
		service = node.createService(orders()) as Service & Members;
		await node.start();
	});
	afterEach(async () => {
		await service.store.orders.remove({});
		await node.stop();
		setStoreProfile(undefined);
	});

	const order = (_id: string, total: number, buyer = "b"): Order => ({ _id, total, buyer, version: 1, updatedAt: "" });

	it("gives a service its collections and its health", async () => {
		await service.store.products.create({ _id: "p", name: "Chicken wing" });
		assert.equal((await service.store.products.findById("p"))?.name, "Chicken wing");
		assert.deepEqual(await service.storeHealth(), { ok: true, missingIndexes: [] });
	});

	it("publishes none of moleculer-db's actions", async () => {
		assert.deepEqual(Object.keys(service.schema.actions ?? {}).filter((name) => service.schema.actions?.[name] !== false), []); // biome-ignore format: one line
		for (const action of ["find", "count", "list", "create", "insert", "get", "update", "remove"]) {
			await assert.rejects(node.call(`orders.${action}`, {}), { type: "SERVICE_NOT_FOUND" }, action);
		}
	});

	it("lets a service's own action take the name of one of them", async () => {
		const other = broker();
		other.createService(orders({ actions: { get: () => "mine" } }));
		await other.start();
		assert.equal(await other.call("orders.get"), "mine");
		await other.stop();
	});

	it("signs events with the service's name and tells the listener of the store", async () => {
		const told: string[] = [];
		service.store.onEvents = (_collection, _id, events) => {
			told.push(...events.map(({ source }) => source));
		};
		const event: EventDraft = { type: "user.deleted", subject: "u", data: { userId: "u" } };
		await createEntity(service.store.orders, { _id: "o", buyer: "b", total: 1 }, [event], { at: 0 });
		assert.deepEqual(told, ["/souk/orders"]);
	});

	it("lets moleculer-db's methods read and write the main collection", async () => {
		await service.store.orders.createMany([order("a", 3), order("b", 1), order("c", 2, "x"), order("d", 4)]);
		const ctx = { action: { name: "orders.list" } } as never; // all that sanitizeParams asks of it
		const ids = (found: unknown): string[] => (found as Order[]).map(({ _id }) => _id);
		assert.deepEqual(ids(await service._find(ctx, { query: { buyer: "b" }, sort: ["-total"] } as never)), ["d", "a", "b"]);
		assert.deepEqual(ids(await service._find(ctx, { sort: "buyer,-total", limit: 2, offset: 1 } as never)), ["a", "b"]);
		assert.equal(await service._count(ctx, { query: { total: { $gte: 2 } } }), 3);
		const list = (await service._list(
			ctx,
			service.sanitizeParams(ctx, { page: 2, pageSize: 3, sort: "total" } as never),
		)) as never as {
			rows: Order[];
			total: number;
			totalPages: number;
		};
		assert.deepEqual([ids(list.rows), list.total, list.totalPages], [["d"], 4, 2]);
		assert.equal(((await service._get(ctx, { id: "a" })) as Order).total, 3);
		assert.deepEqual(ids(await service._get(ctx, { id: ["a", "d"] } as never)).sort(), ["a", "d"]);
		await assert.rejects(service._get(ctx, { id: "zz" }), { code: 404 });
		assert.equal(((await service._create(ctx, order("e", 5))) as never as Order)._id, "e");
		assert.equal(((await service._update(ctx, { id: "e", total: 6 } as never)) as never as Order).total, 6);
		assert.equal(((await service._insert(ctx, { entities: [order("f", 7)] } as never)) as never as Order[])[0]?._id, "f");
		assert.equal(((await service._remove(ctx, { id: "e" })) as never as Order)._id, "e");
		assert.equal(await service.store.orders.findById("e"), null);
		await assert.rejects(service._update(ctx, { id: "e", total: 6 } as never), { code: 404 });
		assert.equal(await service.adapter.removeMany({ buyer: "x" }), 1);
		assert.equal(await service.adapter.updateMany({ buyer: "b" }, { $set: { buyer: "y" } }), 4);
		await service.adapter.clear();
		assert.equal(await service.store.orders.count(), 0);
	});

	it("is open for everything that starts after it, and closes after everything else has stopped", async () => {
		const seen: string[] = [];
		const use = (name: string) => ({
			async started(this: Service & Members) {
				await this.store.products.count();
				seen.push(`${name} started`);
			},
			async stopped(this: Service & Members) {
				await this.store.products.count();
				seen.push(`${name} stopped`);
			},
		});
		const other = broker();
		const own = use("service");
		const mixins = [
			use("mixin") as Partial<ServiceSchema>,
			store<Documents>({ main: "orders", collections, profile: profileOf() }),
		];
		const late = other.createService({ name: "orders", mixins, ...own } as never) as Service & Members;
		await other.start();
		await other.stop();
		assert.deepEqual(seen, ["mixin started", "service started", "service stopped", "mixin stopped"]);
		assert.throws(() => late.store.orders, /not open/);
	});

	it("leaves missing indexes to the migration where the profile says so, and the health tells", async () => {
		const profile = { ...profileOf(), autoMigrate: false };
		const strict = { bare: { indexes: [{ name: "bare_code", fields: [["code", 1]], unique: true }] } } as const;
		const other = broker();
		const bare = other.createService({
			name: "bare",
			mixins: [store<{ bare: Document }>({ main: "bare", collections: strict, profile })],
		} as never);
		await other.start();
		const { ok, missingIndexes } = await (bare as Service & StoreMembers<{ bare: Document }>).storeHealth();
		assert.deepEqual([ok, missingIndexes], [false, ["bare.bare_code"]]);
		await other.stop();
	});
});

describe("store: the mixin's start", () => {
	it("fails at once, and says why, where another process has the data folder", async function () {
		this.timeout(20_000);
		const dataDir = await tempDir("taken");
		const holder = nodeChild(`${import.meta.dirname}/../../support/store-holder.ts`, dataDir);
		await holder.until(1);
		const node = broker();
		node.createService(
			orders({ mixins: [store<Documents>({ main: "orders", collections, profile: { kind: "embedded", dataDir } })] }),
		);
		await assert.rejects(node.start(), (error) => error instanceof DataFolderInUse && error.pid === holder.pid);
		await node.stop();
		await holder.kill();
		await removeDir(dataDir);
	});

	it("without a profile fails: there is no store that a service falls back to", async () => {
		const node = broker();
		node.createService(orders());
		await assert.rejects(node.start(), /no store profile/);
		await node.stop();
	});

	it("gives up waiting for a server when it is told to stop", async function () {
		this.timeout(30_000);
		const url = `mongodb://127.0.0.1:${await freePort()}/?serverSelectionTimeoutMS=300`;
		const node = broker();
		const service = node.createService(
			orders({ mixins: [store<Documents>({ main: "orders", collections, profile: { kind: "mongo", url } })] }),
		);
		const starting = node.start();
		starting.catch(() => undefined); // looked at below
		await (service as Service)._stop();
		await assert.rejects(starting, { name: "StoreUnavailable" });
		await node.stop();
	});

	describe("with MongoDB away", () => {
		let server: RunningServer | undefined;
		before(async function () {
			this.timeout(90_000);
			needsOwn(this, "mongod");
			server = await startMongod({ own: true });
		});
		after(() => server?.stop());

		it("waits for it and goes on when it is there", async function () {
			this.timeout(90_000);
			assert.ok(server);
			await server.kill();
			const warned = Promise.withResolvers<void>();
			const node = new ServiceBroker({
				logger: {
					type: "Console",
					options: {
						level: "warn",
						formatter: (_type: string, args: unknown[]) => {
							if (String(args[0]).includes("not there yet")) warned.resolve();
							return [];
						},
					},
				} as never, // a formatter that keeps everything to itself
			});
			const profile = { kind: "mongo", url: `${server.url}&serverSelectionTimeoutMS=300`, dbName: "late" } as const;
			const service = node.createService(
				orders({ mixins: [store<Documents>({ main: "orders", collections, profile })] }),
			) as Service & Members;
			const starting = node.start();
			await warned.promise;
			await server.restart();
			await starting;
			assert.equal((await service.storeHealth()).ok, true);
			await node.stop();
		});
	});
});
