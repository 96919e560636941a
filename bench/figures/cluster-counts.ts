import { setTimeout as delay } from "node:timers/promises";
import { startCluster } from "../../test/support/souk.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { inParallel, openShop, placeOrder, untilPaid } from "../support/shop.ts";
import { round } from "../support/stats.ts";
import { countCommands } from "../support/wire-counter.ts";

const count = 400;
const width = 32;
/** Long enough for what the last orders leave behind (marks, acks, settled deadlines) to be counted with them. */
const settleMs = 5000;
const idleMs = 10_000;

/**
 * What one order costs the database and the bus, from POST to paid, counted on the wire: commands by a proxy in front of MongoDB,
 * messages by the NATS server's own count of what clients published. What the same cluster does in the same time
 * with nothing to do (heartbeats, leases, sweeps, pull requests) is taken off, and so is the asking for the status.
 */
export const clusterCounts = async (): Promise<Figure[]> => {
	const cluster = await startCluster({
		nodes: [
			{ services: ["gateway", "auth", "chat", "notification", "email"] },
			{ services: ["orders"] },
			{ services: ["payment"] },
			{ services: ["payment"] },
		],
		env: { RATE_LIMIT_API: "off", RATE_LIMIT_LOGIN: "off", LOG_LEVEL: "warn" },
		mongoProxy: countCommands,
	});
	const client = new BenchClient(cluster.url);
	try {
		const shop = await openShop(client);
		const counter = cluster.mongoProxy;
		const read = async () => ({ commands: counter.total(), messages: await cluster.nats.inMessages(), at: performance.now() });
		await inParallel(50, width, async () => untilPaid(client, shop, (await placeOrder(client, shop)).id, 100));
		await delay(settleMs);

		const idleFrom = await read();
		await delay(idleMs);
		const idleTo = await read();
		const perMs = (key: "commands" | "messages"): number => (idleTo[key] - idleFrom[key]) / (idleTo.at - idleFrom.at);

		const from = await read();
		const ids: string[] = [];
		await inParallel(count, width, async () => {
			ids.push((await placeOrder(client, shop)).id);
		});
		await delay(settleMs);
		const to = await read();
		await inParallel(count, width, async (index) => untilPaid(client, shop, ids[index] ?? "", 1));

		const perOrder = (key: "commands" | "messages"): number =>
			round((to[key] - from[key] - perMs(key) * (to.at - from.at)) / count, 1);
		const note = `${count} orders, ${width} at a time, four nodes; idle traffic of the same time taken off`;
		return [
			{
				name: "database commands per order, POST to paid",
				value: perOrder("commands"),
				unit: "commands",
				bound: { most: 10 },
				note,
			},
			{ name: "bus messages per order, POST to paid", value: perOrder("messages"), unit: "messages", bound: { most: 20 }, note },
		];
	} finally {
		client.close();
		await cluster.stop();
	}
};
