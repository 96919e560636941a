import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../test/support/free-port.ts";
import { startCluster } from "../../test/support/souk.ts";
import { startClients } from "../support/child.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { round } from "../support/stats.ts";
import { people, talk } from "../support/talk.ts";
import { countCommands } from "../support/wire-counter.ts";

const posters = 64;
const seconds = 8;
/** Marks of the outbox and the counters of the last messages are counted too. */
const settleMs = 3_000;
const idleMs = 6_000;

/** What one accepted post costs the database, counted on the wire; what the same cluster does with nothing to do is taken off. */
export const liveCommands = async (): Promise<Figure[]> => {
	const port = await freePort();
	const cluster = await startCluster({
		nodes: [
			{ services: ["gateway", "auth", "orders", "payment"] },
			{ services: ["chat"], env: { SOCKET_PORT: String(port), ADVERTISE: `127.0.0.1:${port}` } },
		],
		env: { LOG_LEVEL: "warn" },
		mongoProxy: countCommands,
	});
	const client = new BenchClient(cluster.url);
	const clients = startClients();
	try {
		const members = await people(client, posters);
		const stream = await talk(client, members);
		await clients.open(members.map(({ token }) => ({ port, stream, token })));
		await clients.flood({ seconds: 1, postersPerStream: posters, pauseMs: 0 });
		await delay(settleMs);
		const counter = cluster.mongoProxy;
		const idleBegin = performance.now();
		const idleFrom = counter.total();
		await delay(idleMs);
		const perMs = (counter.total() - idleFrom) / (performance.now() - idleBegin);

		const begin = performance.now();
		const from = counter.total();
		const kinds = new Map(counter.byCollection);
		const { posts, ackP50, seconds: took } = await clients.flood({ seconds, postersPerStream: posters, pauseMs: 0 });
		await delay(settleMs);
		const commands = counter.total() - from - perMs * (performance.now() - begin);
		const most = [...counter.byCollection]
			.map(([kind, count]) => ({ kind, count: count - (kinds.get(kind) ?? 0) }))
			.filter(({ count }) => count * 200 > posts)
			.sort((a, b) => b.count - a.count)
			.map(({ kind, count }) => `${kind} ${round(count / posts, 3)}`);
		return [
			{
				name: "database commands per accepted post",
				value: round(commands / posts, 3),
				unit: "commands",
				bound: { most: 0.1 },
				note: `${posts} posts of ${posters} people, ${round(posts / took, 0)}/s, ack p50 ${round(ackP50, 0)} ms; ${most.join(", ")}`,
			},
		];
	} finally {
		client.close();
		await clients.end();
		await cluster.stop();
	}
};
