import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import autocannon from "autocannon";
import { newId } from "../../contracts/ids.ts";
import type { StoreProfile } from "../../mixins/store/store-profile.ts";
import type { CacheSettings } from "../../services/orders/caching.mixin.ts";
import { type OrdersNode, startOrdersNode } from "../../test/support/orders-node.ts";
import { startMongod, startRedis } from "../../test/support/servers.ts";
import { startCluster, startSouk } from "../../test/support/souk.ts";
import { removeDir, tempDir } from "../../test/support/temp-dir.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { inParallel, openShop, placeOrder, untilPaid } from "../support/shop.ts";
import { median, round } from "../support/stats.ts";
import { callsPerSecond } from "../support/throughput.ts";
import { countCommands } from "../support/wire-counter.ts";

const orders = 100;
const inFlight = 64;
const seconds = 2;
const rounds = 5;

/** One orders service, read by the broker of its process. */
interface Reader {
	read(index: number): Promise<unknown>;
	stop(): Promise<void>;
}

const reader = ({ broker, stop }: OrdersNode, ids: readonly string[]): Reader => ({
	read: (index) => {
		const meta = { user: { id: "bea", roles: [], sessionId: "s" } };
		return broker.call("orders.get", { id: ids[index % ids.length] }, { meta });
	},
	stop,
});

const place = async (node: OrdersNode): Promise<string[]> => {
	const ids: string[] = [];
	await inParallel(orders, 10, async () => {
		ids.push((await node.place({ id: "bea" })).id);
	});
	return ids;
};

/** In turns, in one process: with the cache, and with one that never has anything, so that each read goes to the database. */
const cachedAgainstDatabase = async (stores: StoreProfile, cache: Partial<CacheSettings>) => {
	const cached = await startOrdersNode(stores, undefined, cache);
	const uncached = await startOrdersNode(stores, undefined, { ...cache, keyPrefix: newId(), warm: 0 });
	uncached.service.cache.get = () => ({ hit: false });
	try {
		await cached.service.cache.ready();
		const ids = await place(cached);
		const [withCache, without] = [reader(cached, ids), reader(uncached, ids)];
		const rates: { cached: number; database: number }[] = [];
		for (let turn = 0; turn <= rounds; turn++) {
			rates.push({
				cached: await callsPerSecond(inFlight, seconds, withCache.read),
				database: await callsPerSecond(inFlight, seconds, without.read),
			});
		}
		const { hits, misses } = cached.service.cache;
		const measured = rates.slice(1); // the first turn warms up
		return {
			ratio: median(measured.map((rate) => rate.cached / rate.database)),
			cached: median(measured.map((rate) => rate.cached)),
			database: median(measured.map((rate) => rate.database)),
			hitRatio: hits / (hits + misses),
		};
	} finally {
		await cached.stop();
		await uncached.stop();
	}
};

type Compared = Awaited<ReturnType<typeof cachedAgainstDatabase>>;

const compared = (where: string, { ratio, cached, database, hitRatio }: Compared, bound: Figure["bound"]): Figure => ({
	name: `orders.get through the broker, cached ÷ from the database, ${where}`,
	value: round(ratio, 1),
	unit: "×",
	bound,
	note: `${inFlight} in flight, median of ${rounds} turns; ${round(cached, 0)} against ${round(database, 0)} calls/s, ${round(hitRatio * 100, 1)} % hits`,
});

const inCluster = async (): Promise<Figure[]> => {
	const [mongod, redis] = await Promise.all([startMongod(), startRedis()]);
	try {
		const stores = { kind: "mongo", url: mongod.url, dbName: `bench-${newId()}` } as const;
		const result = await cachedAgainstDatabase(stores, { redisUrl: redis.url, keyPrefix: newId() });
		return [compared("MongoDB and Redis", result, { least: 5 })];
	} finally {
		await Promise.all([mongod.stop(), redis.stop()]);
	}
};

const embedded = async (): Promise<Figure[]> => {
	const dataDir = await tempDir("bench");
	try {
		return [compared("SQLite, in the process", await cachedAgainstDatabase({ kind: "embedded", dataDir }, {}), {})];
	} finally {
		await removeDir(dataDir);
	}
};

/** GETs over HTTP, 32 connections, of orders that nobody reads for the first time. */
const overHttp = async (url: string, token: string, ids: readonly string[]) => {
	let hits = 0;
	let answers = 0;
	const onResponse = (status: number, _body: string, _context: object, headers: IncomingHttpHeaders = {}): void => {
		if (status !== 200) throw new Error(`GET of an order: ${status}`);
		answers += 1;
		// autocannon hands headers over as they were written.
		if ((headers["X-Cache"] ?? headers["x-cache"]) === "HIT") hits += 1;
	};
	const result = await autocannon({
		url,
		connections: 32,
		duration: 2 * seconds,
		requests: ids.map((id) => ({
			method: "GET",
			path: `/v1/orders/${id}`,
			headers: { authorization: `Bearer ${token}` },
			onResponse,
		})),
	});
	return { rate: result.requests.total / result.duration, hitRatio: hits / answers, answers };
};

const env = { RATE_LIMIT_API: "off", RATE_LIMIT_LOGIN: "off", LOG_LEVEL: "warn" };

const paidOrders = async (client: BenchClient): Promise<{ token: string; ids: string[] }> => {
	const shop = await openShop(client);
	const ids: string[] = [];
	await inParallel(orders, 10, async () => {
		const { id } = await placeOrder(client, shop);
		await untilPaid(client, shop, id, 20);
		ids.push(id);
	});
	return { token: shop.token, ids };
};

const httpFigure = (where: string, { rate, hitRatio }: { rate: number; hitRatio: number }): Figure => ({
	name: `GET of cached orders over HTTP, ${where}`,
	value: round(rate, 0),
	unit: "requests/s",
	bound: {},
	note: `32 connections, ${orders} orders in turn; ${round(hitRatio * 100, 1)} % hits`,
});

const httpCluster = async (): Promise<Figure[]> => {
	const cluster = await startCluster({
		nodes: [
			{ services: ["gateway", "auth", "chat", "notification", "email"] },
			{ services: ["orders"] },
			{ services: ["payment"] },
		],
		// What looks at orders by itself stands still, so that every find in them is one of ours.
		env: { ...env, OUTBOX_SWEEP_MS: "3600000", RECONCILE_EVERY_MS: "600000" },
		mongoProxy: countCommands,
	});
	const client = new BenchClient(cluster.url);
	try {
		const { token, ids } = await paidOrders(client);
		await delay(1_000);
		const reads = (): number => cluster.mongoProxy.byCollection.get("find orders") ?? 0;
		const before = reads();
		const result = await overHttp(cluster.url, token, ids);
		const perRead = (reads() - before) / result.answers;
		return [
			{
				name: "database commands per read of a cached order",
				value: round(perRead, 4),
				unit: "commands",
				bound: { most: 0 },
				note: `${result.answers} reads over HTTP, three nodes, counted on the wire`,
			},
			httpFigure("three nodes", result),
		];
	} finally {
		client.close();
		await cluster.stop();
	}
};

const httpEmbedded = async (): Promise<Figure[]> => {
	const souk = await startSouk({ env });
	const client = new BenchClient(souk.url);
	try {
		const { token, ids } = await paidOrders(client);
		return [httpFigure("embedded", await overHttp(souk.url, token, ids))];
	} finally {
		client.close();
		await souk.stop();
	}
};

/** What a cached order costs and what it saves. */
export const orderCache = async (): Promise<Figure[]> => [
	...(await inCluster()),
	...(await embedded()),
	...(await httpCluster()),
	...(await httpEmbedded()),
];
