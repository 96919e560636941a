import { setTimeout as delay } from "node:timers/promises";
import { seeded } from "../../test/support/random.ts";
import { freePort } from "../../test/support/free-port.ts";
import { startRedis } from "../../test/support/servers.ts";
import { type Cluster, startCluster } from "../../test/support/souk.ts";
import { Ring } from "../../realtime/ring.ts";
import { type Clients, type Peer, startClients, startPeer } from "../support/child.ts";
import { BenchClient } from "../support/client.ts";
import { cpuSince } from "../support/cpu.ts";
import type { Figure } from "../support/figure.ts";
import { median, round } from "../support/stats.ts";
import type { Flood } from "../support/stream-clients.ts";
import { people, talk } from "../support/talk.ts";

const streams = 40;
const followersPerStream = 25;
const flood: Flood = { seconds: 3, postersPerStream: 10, pauseMs: 250 };
const turns = 3;
const afterMs = 500;

/** Servers with sockets on them, ready to be flooded. */
interface House {
	/** Of the servers that hold the sockets, and of Redis. */
	pids: number[];
	/** What else works for them: told, not counted. */
	others: number[];
	clients: Clients;
	stop(): Promise<void>;
}

interface Seat {
	stream: string;
	token: string;
}

/** Our nodes, each socket sent to the one that owns its stream, as nginx would. */
const ours = async (count: number): Promise<House> => {
	const ports: number[] = [];
	while (ports.length < count) ports.push(await freePort());
	const chat = (port: number) => ({ services: ["chat"], env: { SOCKET_PORT: String(port), ADVERTISE: `127.0.0.1:${port}` } });
	const cluster: Cluster = await startCluster({
		nodes: [{ services: ["gateway", "auth", "orders", "payment"] }, ...ports.map(chat)],
		env: { LOG_LEVEL: "error" },
	});
	const clients = startClients();
	const stop = async (): Promise<void> => {
		await clients.end();
		await cluster.stop();
	};
	try {
		const client = new BenchClient(cluster.url);
		const members = await people(client, followersPerStream);
		const seats: Seat[] = [];
		for (let index = 0; index < streams; index++) {
			const stream = await talk(client, members);
			for (const { token } of members) seats.push({ stream, token });
		}
		client.close();
		const ring = Ring.empty.withMembers(ports.map((port) => `127.0.0.1:${port}`));
		const portOf = (stream: string): number => Number(ring.owner(stream)?.split(":")[1]);
		await clients.open(
			seats.map((seat) => ({ ...seat, port: portOf(seat.stream) })),
			10,
		);
		const nodes = cluster.withService("chat").map(({ process }) => process.pid);
		return { pids: [...nodes, cluster.redis.pid], others: [cluster.nats.pid, cluster.mongod.pid], clients, stop };
	} catch (error) {
		await stop();
		throw error;
	}
};

/** socket.io's nodes, each socket at any of them. */
const theirs = async (count: number): Promise<House> => {
	const redis = await startRedis({ own: true });
	const peers: Peer[] = [];
	while (peers.length < count) peers.push(await startPeer({ REDIS_URL: redis.url }));
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
		pids: [...peers.map(({ pid }) => pid), redis.pid],
		others: [],
		clients,
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
	const [cpu, beside] = [cpuSince(pids), cpuSince(others)];
	const { posts, deliveries, seconds, ackP50 } = await clients.flood(flood);
	await delay(afterMs);
	return { perCpuSecond: deliveries / cpu(), others: beside() / deliveries, rate: posts / seconds, ack: ackP50 };
};

/** Many streams on four nodes: ours, where each stream is at one of them, against rooms that all of them share over Redis. */
export const liveNodes = async (): Promise<Figure[]> => {
	const houses: House[] = [];
	try {
		for (const start of [() => ours(4), () => theirs(4), () => ours(1)]) houses.push(await start());
		const [four, peers, one] = houses as [House, House, House]; // all three were pushed
		for (const house of houses) await house.clients.flood({ ...flood, seconds: 1 });
		const all: { four: Turn; peers: Turn; one: Turn }[] = [];
		for (let count = 0; count < turns; count++) all.push({ four: await turn(four), peers: await turn(peers), one: await turn(one) });
		const of = (pick: (of: (typeof all)[number]) => number, digits = 0): number => round(median(all.map(pick)), digits);
		const side = (which: "four" | "peers" | "one"): string =>
			`${of((all) => all[which].perCpuSecond)} deliveries a CPU-second, ${of((all) => all[which].rate)} posts/s, ack p50 ${of((all) => all[which].ack, 1)} ms`;
		const load = `${streams} streams of ${followersPerStream}, ${flood.postersPerStream} of each post every ${flood.pauseMs} ms`;
		const beside = of((all) => all.four.others * 1e6, 1);
		return [
			{
				name: "four nodes, deliveries a CPU-second ÷ socket.io over Redis streams",
				value: of((all) => all.four.perCpuSecond / all.peers.perCpuSecond, 2),
				unit: "×",
				bound: { least: 3 },
				note: `${load}; ${side("four")}; peers: ${side("peers")}; MongoDB and NATS beside: ${beside} µs a delivery`,
			},
			{
				name: "CPU a delivery, four nodes ÷ one",
				value: of((all) => all.one.perCpuSecond / all.four.perCpuSecond, 2),
				unit: "×",
				bound: { most: 1.15 },
				note: `one node: ${side("one")}`,
			},
		];
	} finally {
		await Promise.all(houses.map((house) => house.stop()));
	}
};
