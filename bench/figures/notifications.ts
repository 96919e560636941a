import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../contracts/ids.ts";
import type { NotificationBody } from "../../contracts/notifications.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import type { Entry } from "../../realtime/entry.ts";
import { aDelivery } from "../../test/support/a-notification.ts";
import { LiveSocket } from "../../test/support/live-socket.ts";
import { startNotificationNode } from "../../test/support/notification-node.ts";
import { startCluster, startSouk } from "../../test/support/souk.ts";
import { removeDir, tempDir } from "../../test/support/temp-dir.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { inParallel, openShop, placeOrder, type Shop } from "../support/shop.ts";
import { median, percentile, round } from "../support/stats.ts";
import { type Person, people } from "../support/talk.ts";
import { countCommands } from "../support/wire-counter.ts";

const few = 100;
const many = 10_000;
const turns = 5;
const buyers = 50;
/** Marks of outboxes and the ends of logs are counted too. */
const settleMs = 4_000;
const orders = 600;
const commandsOfList = 3;
/** Of each order: placed and paid, for its buyer and its seller. */
const perOrder = 4;
/** Placed and paid: 200 events a second. */
const ordersPerSecond = 100;
const seconds = 10;
const longestMs = 30_000;

const unlimited = { RATE_LIMIT_API: "off", RATE_LIMIT_LOGIN: "off", LOG_LEVEL: "warn" };

/** One event to many inboxes, none of which anybody follows. */
const widths = async (): Promise<Figure> => {
	const dataDir = await tempDir("bench-inboxes");
	const node = await startNotificationNode({ kind: "embedded", dataDir });
	try {
		const all = Array.from({ length: many }, () => newId());
		const tell = async (count: number): Promise<number> => {
			const id = newId();
			const begin = performance.now();
			await node.service.deliver(all.slice(0, count).map((userId) => aDelivery(userId, { id })));
			const took = performance.now() - begin;
			await delay(500);
			return took;
		};
		await tell(many);
		const times: { few: number; many: number }[] = [];
		for (let turn = 0; turn < turns; turn += 1) times.push({ few: await tell(few), many: await tell(many) });
		const [small, large] = [median(times.map((time) => time.few)), median(times.map((time) => time.many))];
		return {
			name: `one event to ${many} inboxes ÷ to ${few}`,
			value: round(large / small, 1),
			unit: "×",
			bound: { most: 70 },
			note: `embedded, median of ${turns} turns: ${round(large, 0)} ms and ${round(small, 1)} ms until all are durable`,
		};
	} finally {
		await node.stop();
		await removeDir(dataDir);
	}
};

const shopsOf = async (client: BenchClient): Promise<{ shops: Shop[]; all: Person[] }> => {
	const { productId } = await openShop(client);
	const all = await people(client, buyers);
	return { all, shops: all.map(({ token }) => ({ token, productId })) };
};

/** Answers how often it asked. */
const untilTold = async (client: BenchClient, token: string, total: number): Promise<number> => {
	for (let asked = 1; ; asked += 1) {
		const { body } = await client.expect<{ counters: { total: number } }>(200, "GET", "/v1/notifications?limit=1", { token });
		if (body.counters.total >= total) return asked;
		await delay(100);
	}
};

const ours = /^(inboxes|notifications|preferences|chat_windows|notification.*_inbox)$/;

/** What a notification costs the database, from the event that is handled to the last mark. */
const commands = async (): Promise<Figure> => {
	const cluster = await startCluster({
		nodes: [{ services: ["gateway", "auth", "orders", "payment", "chat", "email"] }, { services: ["notification"] }],
		env: unlimited,
		mongoProxy: countCommands,
	});
	const client = new BenchClient(cluster.url);
	try {
		const { shops, all } = await shopsOf(client);
		const counted = (): Map<string, number> =>
			new Map([...cluster.mongoProxy.byCollection].filter(([kind]) => ours.test(kind.split(" ")[1] ?? "")));
		const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((total, count) => total + count, 0);
		await delay(settleMs);
		const idleFrom = sum(counted());
		await delay(settleMs);
		const perMs = (sum(counted()) - idleFrom) / settleMs;

		const begin = performance.now();
		const before = counted();
		await inParallel(orders, 32, async (index) => void (await placeOrder(client, shops[index % buyers] as Shop)));
		await delay(settleMs);
		let questions = 0;
		for (const { token } of all) questions += await untilTold(client, token, (2 * orders) / buyers);
		await delay(settleMs);
		const after = counted();
		const asked = questions * commandsOfList;
		const cost = sum(after) - sum(before) - asked - perMs * (performance.now() - begin);
		const told = perOrder * orders;
		const most = [...after]
			.map(([kind, count]) => ({ kind, count: count - (before.get(kind) ?? 0) }))
			.filter(({ count }) => count * 50 > told)
			.sort((a, b) => b.count - a.count)
			.map(({ kind, count }) => `${kind} ${round(count / told, 2)}`);
		return {
			name: "database commands per notification",
			value: round(cost / told, 2),
			unit: "commands",
			bound: { most: 3 },
			note: `${told} notifications of ${orders} orders, 32 at a time; ${most.join(", ")}; idle traffic and ${asked} commands of the questions taken off`,
		};
	} finally {
		client.close();
		await cluster.stop();
	}
};

/** From the time of the event to the device, through the bus, the log and the socket. */
const push = async (): Promise<Figure> => {
	const souk = await startSouk({ env: unlimited });
	const client = new BenchClient(souk.url);
	const sockets: LiveSocket[] = [];
	try {
		const { shops, all } = await shopsOf(client);
		const late: number[] = [];
		let counting = false;
		let came = 0;
		for (const { id, token } of all) {
			const socket = new LiveSocket(souk.url, { stream: inboxOf(id), token, namespace: "/notifications" });
			sockets.push(socket);
			socket.socket.on("entries", (entries: Entry<NotificationBody>[]) => {
				const now = Date.now();
				came += entries.length;
				if (counting) for (const { body } of entries) late.push(now - Date.parse(body?.timestamp ?? ""));
			});
			await socket.ready();
		}
		const run = async (count: number): Promise<void> => {
			const placed: Promise<unknown>[] = [];
			const begin = performance.now();
			for (let index = 0; index < count; index += 1) {
				await delay(Math.max(0, begin + (index * 1_000) / ordersPerSecond - performance.now()));
				placed.push(placeOrder(client, shops[index % buyers] as Shop));
			}
			await Promise.all(placed);
			const end = Date.now() + longestMs;
			while (came < 2 * count && Date.now() < end) await delay(50);
			if (came < 2 * count) throw new Error(`${came} of ${2 * count} came`);
			came = 0;
		};
		await run(2 * ordersPerSecond);
		counting = true;
		await run(seconds * ordersPerSecond);
		return {
			name: "push p99 after the event, 200 events/s",
			value: percentile(late, 0.99),
			unit: "ms",
			bound: { most: 100 },
			note: `embedded, ${late.length} pushes to ${buyers} people over WebSocket, p50 ${percentile(late, 0.5)} ms, most ${percentile(late, 1)} ms; the orders that make the events are placed beside it`,
		};
	} finally {
		for (const socket of sockets) socket.close();
		client.close();
		await souk.stop();
	}
};

export const notifications = async (): Promise<Figure[]> => [await widths(), await commands(), await push()];
