import assert from "node:assert/strict";
import { StatementSync } from "node:sqlite";
import { asText } from "../../../contracts/call.ts";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { newId } from "../../../contracts/ids.ts";
import type { StoreProfile } from "../../../mixins/store/store-profile.ts";
import type { CacheSettings } from "../../../services/orders/caching.mixin.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type As, type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { refused } from "../../support/refused.ts";
import { needs, type RunningServer, startRedis } from "../../support/servers.ts";
import { removeDir, tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";

const bea = { id: "bea" };
const sal = { id: "sal", roles: ["seller"] as const };
const ada = { id: "ada", roles: ["admin"] as const };

const read = async (node: OrdersNode, id: string, as: As = bea, action = "get") => {
	const { body, meta } = await node.call<OrderView>(action, { id }, as);
	return { body, cache: meta.cache };
};

const soldBySal = async (node: OrdersNode): Promise<OrderView> => {
	const product = await node.addProduct("sal");
	return node.place(bea, { items: [{ productId: product.id, quantity: 1 }] });
};

/** Holds the next read of an order back until `goOn`; `reached` when it has the document. */
const holdNextRead = ({ service }: OrdersNode) => {
	const { orders } = service.store;
	const reached = Promise.withResolvers<void>();
	const held = Promise.withResolvers<void>();
	const findById = orders.findById.bind(orders);
	orders.findById = async (id) => {
		orders.findById = findById;
		const order = await findById(id);
		reached.resolve();
		await held.promise;
		return order;
	};
	return { reached: reached.promise, goOn: () => held.resolve() };
};

const suite = (start: (settings?: Partial<CacheSettings>) => Promise<OrdersNode>): void => {
	const nodes: OrdersNode[] = [];
	const open = async (settings?: Partial<CacheSettings>): Promise<OrdersNode> => {
		const node = await start(settings);
		nodes.push(node);
		return node;
	};
	afterEach(async () => {
		for (const node of nodes.splice(0)) await node.stop();
	});

	it("answers what was just written, and what was read once, without the database", async () => {
		const node = await open();
		const { id } = await soldBySal(node);
		assert.equal((await read(node, id)).cache, "HIT");
		const cold = await open({ keyPrefix: newId(), warm: 0 });
		const first = await read(cold, id);
		const second = await read(cold, id);
		assert.deepEqual([first.cache, second.cache], ["MISS", "HIT"]);
		assert.deepEqual(second.body, first.body);
		for (const action of ["status", "history"]) assert.equal((await read(cold, id, bea, action)).cache, "HIT");
		assert.deepEqual([cold.service.cache.hits, cold.service.cache.misses], [3, 1]);
	});

	it("shows each caller what is theirs, and strangers nothing, from the cache too", async () => {
		const node = await open();
		const order = await soldBySal(node);
		await node.deliver("payment.captured", order);
		const seen = await Promise.all([bea, sal, ada].map((as) => read(node, order.id, as)));
		assert.deepEqual(
			seen.map(({ cache }) => cache),
			["HIT", "HIT", "HIT"],
		);
		assert.deepEqual(
			seen.map(({ body }) => body.allowed),
			[["cancel"], ["cancel", "ship"], []],
		);
		for (const action of ["get", "status", "history"]) await refused(read(node, order.id, { id: "eve" }, action), "NOT_FOUND");
	});

	it("hands the text with its version to who sends it on, and the object to all others", async () => {
		const node = await open();
		const { id } = await soldBySal(node);
		for (const as of [bea, sal, bea]) {
			const meta = { user: { roles: [], sessionId: "s", ...as } };
			const text = await node.broker.call<string, object>("orders.get", { id }, { meta, headers: asText });
			const { body } = await read(node, id, as);
			assert.deepEqual(JSON.parse(text), body);
			assert.partialDeepStrictEqual(meta, { verbatim: true, version: body.version, cache: "HIT" });
		}
	});

	it("shows every change of an order as soon as it is answered", async () => {
		const node = await open();
		const order = await soldBySal(node);
		const shows = async (status: string) => assert.equal((await read(node, order.id)).body.status, status);
		await shows("placed");
		await node.deliver("payment.declined", order);
		await shows("payment_declined");
		await node.call("pay", { id: order.id, paymentMethod: "sandbox_success" }, bea);
		await shows("placed");
		const again = (await read(node, order.id)).body;
		await node.deliver("payment.captured", again, { attempt: 2 });
		await shows("paid");
		await node.call("ship", { id: order.id, carrier: "DHL", trackingNumber: "1" }, sal);
		await shows("shipped");
		const { body, cache } = await read(node, order.id);
		assert.equal(cache, "HIT");
		assert.deepEqual(body.shipment, { carrier: "DHL", trackingNumber: "1" });
	});

	it("does not let a slow reader put back what was replaced", async () => {
		const node = await open({ warm: 0 });
		const { id } = await soldBySal(node);
		const other = await open({ keyPrefix: newId(), warm: 0 });
		const { reached, goOn } = holdNextRead(other);
		const slow = read(other, id);
		await reached;
		await other.call("cancel", { id }, bea);
		goOn();
		assert.equal((await slow).body.status, "placed");
		assert.equal((await read(other, id)).body.status, "cancelled");
		assert.equal((await read(other, id)).body.status, "cancelled");
	});

	it("shows what a writer wrote that died before it could tell the cache, and to a repeat of its request at once", async () => {
		const node = await open();
		const { id } = await soldBySal(node);
		assert.equal((await read(node, id)).cache, "HIT");
		const { cache } = node.service;
		const { writing } = cache;
		// What a process that dies there leaves behind: the mark, the write, and no word after it.
		cache.writing = async (of) => {
			await writing.call(cache, of);
			return { done: () => Promise.reject(new Error("died")), undone: () => Promise.reject(new Error("died")) };
		};
		await assert.rejects(node.call("cancel", { id }, { ...bea, key: "once" }), /died/);
		cache.writing = writing;
		assert.equal((await read(node, id)).body.status, "cancelled");
		const repeat = await node.call<OrderView>("cancel", { id }, { ...bea, key: "once" });
		assert.equal(repeat.meta.replayed, true);
		const after = await read(node, id);
		assert.deepEqual([after.cache, after.body.status], ["HIT", "cancelled"]);
	});

	it("is none the worse for a move that was refused", async () => {
		const node = await open();
		const { id } = await soldBySal(node);
		await refused(node.call("cancel", { id }, { ...bea, ifMatch: [7] }), "VERSION_CONFLICT");
		assert.equal((await read(node, id)).body.status, "placed");
		assert.equal((await read(node, id)).cache, "HIT");
	});

	it("decides moves on the database, whatever the cache says", async () => {
		const node = await open();
		const { id } = await soldBySal(node);
		// A cache that is wrong, as ours must never be.
		const found = await node.service.cache.get(id);
		assert.ok(found.hit);
		node.service.cache.get = () => found;
		await node.call("cancel", { id }, { ...bea, ifMatch: [1] });
		assert.equal((await read(node, id)).body.version, 1);
		await refused(node.call("cancel", { id }, { ...bea, ifMatch: [1] }), "VERSION_CONFLICT");
	});

	it("asks for an order anew when its time is up", async () => {
		const node = await open({ orderCache: { ttl: 30, entries: 100 } });
		const { id } = await soldBySal(node);
		await until(
			"a miss",
			async () => (await read(node, id)).cache,
			(cache) => cache === "MISS",
		);
	});

	it("starts with the newest orders in it", async () => {
		const node = await open();
		const [first, second] = [await soldBySal(node), await soldBySal(node)];
		const settings = { keyPrefix: newId() };
		const warm = await open({ ...settings, warm: 1 });
		await warm.service.warmedUp;
		assert.equal((await read(warm, second.id)).cache, "HIT");
		assert.equal((await read(warm, first.id)).cache, "MISS");
	});
};

bothStores("the cache of orders, in the process", (profile) => {
	suite((settings) => startOrdersNode(profile(), undefined, settings));
});

bothStores("the cache of orders, in Redis", (profile) => {
	let redis: RunningServer | undefined;
	before(async function () {
		needs(this, "redis");
		redis = await startRedis();
	});
	after(() => redis?.stop());
	const prefix = newId();
	const start = async (stores: StoreProfile, settings: Partial<CacheSettings> = {}): Promise<OrdersNode> => {
		const node = await startOrdersNode(stores, undefined, { keyPrefix: prefix, redisUrl: redis?.url ?? "", ...settings });
		await node.service.cache.ready();
		return node;
	};
	suite((settings) => start(profile(), settings));
});

describe("a hit of the cache of orders, embedded", () => {
	let dataDir = "";
	before(async () => {
		dataDir = await tempDir("sqlite");
	});
	after(() => removeDir(dataDir));

	// Commands of MongoDB are counted on the wire: test/acceptance/order-cache.cluster.test.ts.
	it("costs no statement of SQLite", async () => {
		const node = await startOrdersNode({ kind: "embedded", dataDir });
		const { id } = await soldBySal(node);
		const { prototype } = StatementSync;
		const { get, all } = prototype;
		let statements = 0;
		const counting = <F extends typeof get | typeof all>(original: F) =>
			function (this: StatementSync, ...values: never[]) {
				if (/c_orders.* WHERE id = /.test(this.sourceSQL)) statements += 1;
				return Reflect.apply(original, this, values);
			};
		Object.assign(prototype, { get: counting(get), all: counting(all) });
		try {
			for (const action of ["get", "status", "history"]) assert.equal((await read(node, id, bea, action)).cache, "HIT");
			assert.equal(statements, 0);
			await node.service.store.orders.findById(id);
			assert.equal(statements, 1, "the counter counts");
		} finally {
			Object.assign(prototype, { get, all });
			await node.stop();
		}
	});
});
