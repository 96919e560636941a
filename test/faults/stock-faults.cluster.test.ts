import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { insist } from "../support/insist.ts";
import { type MongoProxy, startMongoProxy } from "../support/mongo-proxy.ts";
import { seeded } from "../support/random.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, type ClusterNode, startCluster } from "../support/souk.ts";
import { until } from "../support/until.ts";
import { openStockMarket, type StockMarket, soon } from "./stock-load.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const initial = 120;
/** A machine that is slow to start nodes must not be kept from ever getting on. */
const mostKills = 8;

interface StoredProduct {
	_id: string;
	stock: number;
	holds?: { orderId: string }[];
	returns?: object[];
	stockDue?: number;
}

interface StoredOrder {
	_id: string;
	status?: string;
	tombstone?: true;
	stockDue?: number;
	reservation?: { token: string; items: { productId: string; quantity: number }[] };
}

describe(`Stock, on a cluster whose nodes are killed and stopped (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	let cluster: Cluster;
	let database: MongoClient;
	let proxy: MongoProxy;
	let behindProxy: ClusterNode;
	let trade: StockMarket;

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "chat", "notification", "email"] },
				{ services: ["orders"] },
				{ services: ["payment"] },
			],
			env: soon,
		});
		proxy = await startMongoProxy(cluster.mongod.port);
		behindProxy = await cluster.add({ services: ["orders"], env: { MONGO_URL: proxy.url } });
		database = await MongoClient.connect(cluster.mongod.url);
	});

	beforeEach(async () => {
		trade = await openStockMarket(() => cluster.api, initial);
	});

	// Stopped, it would not hear that it is to end.
	afterEach(() => {
		process.kill(behindProxy.process.pid, "SIGCONT");
	});

	after(async () => {
		await database?.close();
		await cluster?.stop();
		await proxy?.close();
	});

	const products = () => database.db("souk").collection<StoredProduct>("products");
	const orders = () => database.db("souk").collection<StoredOrder>("orders");

	/** From the database itself: a node that stands still would not answer. */
	const books = async () => {
		const product = await products().findOne({ _id: trade.productId });
		const all = await orders().find({ "reservation.items.productId": trade.productId }).toArray();
		const living = all.filter(({ status }) => status !== "cancelled" && status !== "expired");
		const sold = living.reduce((sum, { reservation }) => sum + (reservation?.items[0]?.quantity ?? 0), 0);
		const open = [product?.holds ?? [], product?.returns ?? [], all.filter(({ stockDue }) => stockDue)].flat().length;
		return { stock: product?.stock ?? Number.NaN, sold, open };
	};
	const balanced = (what: string) =>
		until(what, books, ({ stock, sold, open }) => stock + sold === initial && open === 0 && stock >= 0, 30_000);

	it("adds up although the nodes that take orders are killed again and again", async () => {
		let over = false;
		const trading = trade.trade(90, 8).finally(() => {
			over = true;
		});
		const victims = cluster.withService("orders");
		let kills = 0;
		while ((!over && kills < mostKills) || kills === 0) {
			await Promise.race([delay(200 + random() * 600), trading]);
			if (over && kills > 0) break;
			const victim = victims[Math.floor(random() * victims.length)];
			await victim?.process.kill("SIGKILL");
			kills++;
			await victim?.process.restart();
		}
		const { placed, refused } = await trading;
		assert.equal(placed + refused, 90);
		await balanced(`stock and orders to add up to ${initial} after ${kills} kills`);
	});

	/** Places orders until one is caught on the node behind the proxy as it wants to write the order; stops that node there. */
	const stopBeforeWrite = async (fault: "lose request" | "deliver late"): Promise<{ key: string; answer: Promise<unknown> }> => {
		let stopped = false;
		const strike = (): void => {
			process.kill(behindProxy.process.pid, "SIGSTOP");
			stopped = true;
		};
		const struck = proxy.plan("insert", fault, 0, { collection: "orders", strike });
		for (let turn = 0; ; turn++) {
			const key = `${fault}-${turn}`;
			const answer = trade.place(key, 1).catch(() => null); // the gateway may give up on it
			await Promise.race([answer, struck]);
			if (stopped) return { key, answer };
			assert.ok(turn < 20, "no order came to the node behind the proxy");
		}
	};

	for (const fault of ["lose request", "deliver late"] as const) {
		it(`adds up when a node is stopped between reservation and order, is reconciled, and goes on (${fault})`, async () => {
			const { key, answer } = await stopBeforeWrite(fault);
			const held = await products().findOne({ _id: trade.productId, "holds.0": { $exists: true } });
			assert.ok(held, "it stands still while it holds a piece");
			// Not any tombstone: what was killed before this test may still get one.
			const _id = held.holds?.at(-1)?.orderId ?? "";
			const stands = async (): Promise<boolean> => (await orders().findOne({ _id, tombstone: true })) !== null;
			await until("another node to put up a tombstone", stands, Boolean, 30_000);
			await balanced("the piece to be back");
			if (fault === "deliver late") await proxy.deliver();
			process.kill(behindProxy.process.pid, "SIGCONT");
			await answer;
			const repeated = await insist(() => trade.place(key, 1));
			assert.equal(repeated.status, 201, repeated.text);
			assert.equal((await insist(() => trade.place(key, 1))).body.id, repeated.body.id);
			await balanced("everything to add up after it went on");
		});
	}
});
