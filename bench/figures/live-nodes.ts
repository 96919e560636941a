import { setTimeout as delay } from "node:timers/promises";
import { Ring } from "../../realtime/ring.ts";
import { freePort } from "../../test/support/free-port.ts";
import { seeded } from "../../test/support/random.ts";
import { startRedis } from "../../test/support/servers.ts";
import { type Cluster, startCluster } from "../../test/support/souk.ts";
import { type Clients, startClients, startPeer } from "../support/child.ts";
import { BenchClient } from "../support/client.ts";
import { cpuSince } from "../support/cpu.ts";
import type { Figure } from "../support/figure.ts";
import { inParallel } from "../support/shop.ts";
import { median, round } from "../support/stats.ts";
import type { Flood } from "../support/stream-clients.ts";
import { people, talk } from "../support/talk.ts";

const streams = 12;
const followersPerStream = 25;
const flood: Flood = { seconds: 4, postersPerStream: 12, pauseMs: 0 };
const turns = 3;
/** What a flood leaves behind is counted with it, except for the last round of counters, one of several. */
const afterMs = 1_000;
/** New nodes are seen, and streams are handed over. */
const settleMs = 4_000;

/** Servers with sockets on them, ready to be flooded. */
interface House {
	/** Of the servers that hold the sockets, and of Redis. */
	pids(): number[];
	/** What else works for them: told, not counted. */
	others(): number[];
	clients: Clients;
	/** The last that the servers wrote, for a run that fails. */
	logs(): string;
	stop(): Promise<void>;
}

interface Seat {
	stream: string;
	token: string;
}

interface Nodes extends House {
	/** As many nodes more, and every socket where its stream is now. */
	grow(by: number): Promise<void>;
}

/** One node of ours with everybody on it. */
const ours = async (): Promise<Nodes> => {
	const ports: number[] = [];
	const chatNode = async () => {
		const port = await freePort();
		ports.push(port);
		return { services: ["chat"], env: { SOCKET_PORT: String(port), ADVERTISE: `127.0.0.1:${port}` } };
	};
	const cluster: Cluster = await startCluster({
		nodes: [{ services: ["gateway", "auth", "orders", "payment", "notification", "email"] }, await chatNode()],
		env: { LOG_LEVEL: "error" },
	});
	const clients = startClients();
	const stop = async (): Promise<void> => {
		await clients.end();
		await cluster.stop();
	};
	try {
		const seats = await seatsIn(cluster);
		/** As nginx would: each socket to the node that owns its stream. */
		const seat = (): Promise<void> => {
			const ring = Ring.empty.withMembers(ports.map((port) => `127.0.0.1:${port}`));
			const portOf = (stream: string): number => Number(ring.owner(stream)?.split(":")[1]);
			return clients.open(
				seats.map((one) => ({ ...one, port: portOf(one.stream) })),
				10,
			);
		};
		await seat();
		return {
			pids: () => [...cluster.withService("chat").map(({ process }) => process.pid), cluster.redis.pid],
			others: () => [cluster.nats.pid, cluster.mongod.pid],
			clients,
			logs: () =>
				cluster
					.withService("chat")
					.map(({ process }) => process.logs.slice(-2_000))
					.join("\n"),
			stop,
			async grow(by) {
				await clients.close();
				for (let count = 0; count < by; count++) await cluster.add(await chatNode());
				await delay(settleMs);
				await seat();
			},
		};
	} catch (error) {
		await stop();
		throw error;
	}
};

const seatsIn = async (cluster: Cluster): Promise<Seat[]> => {
	const client = new BenchClient(cluster.url);
	try {
		const members = await people(client, followersPerStream);
		const seats: Seat[] = [];
		await inParallel(streams, 4, async () => {
			const stream = await talk(client, members);
			for (const { token } of members) seats.push({ stream, token });
		});
		return seats;
	} finally {
		client.close();
	}
};

/** socket.io's nodes, each socket at any of them. */
const theirs = async (count: number): Promise<House> => {
	const redis = await startRedis({ own: true });
	const peers = await Promise.all(Array.from({ length: count }, () => startPeer({ REDIS_URL: redis.url })));
	const random = seeded(6);
	const clients = startClients();
	const seats = Array.from({ length: streams * followersPerStream }, (_, index) => ({
		stream: `g-${Math.floor(index / followersPerStream)}`,
		token: "0123456789abcdef01234567",
		port: peers[Math.floor(random() * count)]?.port ?? 0,
	}));
	// Without a storage nobody numbers what two nodes take in: the seqs are each node's own, and not looked at.
	await clients.open(seats);
	return {
		pids: () => [...peers.map(({ pid }) => pid), redis.pid],
		others: () => [],
		clients,
		logs: () => "",
		stop: async () => {
			await clients.end();
			await Promise.all(peers.map((peer) => peer.stop()));
			await redis.stop();
		},
	};
};

interface Turn {
	perCpuSecond: number;
	others: number;
	rate: number;
	ack: number;
}

const turn = async ({ pids, others, clients }: House): Promise<Turn> => {
	const [cpu, beside] = [cpuSince(pids()), cpuSince(others())];
	const { posts, deliveries, seconds, ackP50 } = await clients.flood(flood);
	await delay(afterMs);
	return { perCpuSecond: deliveries / cpu(), others: beside() / deliveries, rate: posts / seconds, ack: ackP50 };
};

const turnsOf = async (houses: readonly House[]): Promise<Turn[][]> => {
	for (const house of houses) await house.clients.flood({ ...flood, seconds: 1 });
	const all: Turn[][] = houses.map(() => []);
	for (let count = 0; count < turns; count++) {
		for (const [index, house] of houses.entries()) all[index]?.push(await turn(house));
	}
	return all;
};

const middle = (all: readonly Turn[] | undefined, pick: (one: Turn) => number): number => median((all ?? []).map(pick));

const told = (all: readonly Turn[] | undefined): string =>
	[
		`${round(
			middle(all, ({ perCpuSecond }) => perCpuSecond),
			0,
		)} deliveries a CPU-second`,
		`${round(
			middle(all, ({ rate }) => rate),
			0,
		)} posts/s`,
		`ack p50 ${round(
			middle(all, ({ ack }) => ack),
			0,
		)} ms`,
	].join(", ");

/** Many streams on four nodes: ours, where each stream is at one of them, against rooms that all of them share over Redis. */
export const liveNodes = async (): Promise<Figure[]> => {
	const houses: House[] = [];
	try {
		const nodes = await ours();
		houses.push(nodes);
		const [one] = await turnsOf([nodes]);
		await nodes.grow(3);
		const peers = await theirs(4);
		houses.push(peers);
		const [four, their] = await turnsOf([nodes, peers]);
		const per = (all: readonly Turn[] | undefined): number => middle(all, ({ perCpuSecond }) => perCpuSecond);
		const load = `${streams} streams of ${followersPerStream}, ${flood.postersPerStream} of each post at a time`;
		const beside = round(middle(four, ({ others }) => others) * 1e6, 1);
		return [
			{
				name: "four nodes, deliveries a CPU-second ÷ socket.io over Redis streams",
				value: round(per(four) / per(their)),
				unit: "×",
				bound: { least: 3 },
				note: `${load}; ${told(four)}; peers: ${told(their)}; MongoDB and NATS beside: ${beside} µs a delivery`,
			},
			{
				name: "CPU a delivery, four nodes ÷ one",
				value: round(per(one) / per(four)),
				unit: "×",
				bound: { most: 1.15 },
				note: `one node: ${told(one)}`,
			},
		];
	} catch (error) {
		console.error(houses.map((house) => house.logs()).join("\n"));
		throw error;
	} finally {
		await Promise.all(houses.map((house) => house.stop()));
	}
};
