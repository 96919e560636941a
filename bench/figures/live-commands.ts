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

/** What chat keeps. The counter sees all services, and what the others do with nothing to do would hide what a post costs. */
const ofChat = ["conversations", "memberships", "blocks", "entries", "chat"];
const isOfChat = (kind: string): boolean => ofChat.some((name) => kind.split(" ")[1]?.startsWith(name));
const chatCommands = (counts: ReadonlyMap<string, number>): Map<string, number> =>
	new Map([...counts].filter(([kind]) => isOfChat(kind)));
const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((all, count) => all + count, 0);

/** What one accepted post costs the database, counted on the wire; what the same cluster does with nothing to do is taken off. */
export const liveCommands = async (): Promise<Figure[]> => {
	const port = await freePort();
	const cluster = await startCluster({
		nodes: [
			{ services: ["gateway", "auth", "orders", "payment", "notification", "email"] },
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
		const idleFrom = sum(chatCommands(counter.byCollection));
		await delay(idleMs);
		const perMs = (sum(chatCommands(counter.byCollection)) - idleFrom) / (performance.now() - idleBegin);

		const begin = performance.now();
		const kinds = chatCommands(counter.byCollection);
		const { posts, ackP50, seconds: took } = await clients.flood({ seconds, postersPerStream: posters, pauseMs: 0 });
		await delay(settleMs);
		const after = chatCommands(counter.byCollection);
		const idle = perMs * (performance.now() - begin);
		const commands = sum(after) - sum(kinds) - idle;
		const most = [...after]
			.map(([kind, count]) => ({ kind, count: count - (kinds.get(kind) ?? 0) }))
			.filter(({ count }) => count * 500 > posts)
			.sort((a, b) => b.count - a.count)
			.map(({ kind, count }) => `${kind} ${round(count / posts, 3)}`);
		return [
			{
				name: "database commands per accepted post",
				value: round(commands / posts, 3),
				unit: "commands",
				bound: { most: 0.1 },
				note: `${posts} posts of ${posters} people, ${round(posts / took, 0)}/s, ack p50 ${round(ackP50, 0)} ms; ${most.join(", ")}; idle traffic of ${round(idle / posts, 3)} taken off`,
			},
		];
	} finally {
		client.close();
		await clients.end();
		await cluster.stop();
	}
};
