import { setTimeout as delay } from "node:timers/promises";
import { startSouk } from "../../test/support/souk.ts";
import { type Clients, startClients, startPeer } from "../support/child.ts";
import { BenchClient } from "../support/client.ts";
import { cpuSince } from "../support/cpu.ts";
import type { Figure } from "../support/figure.ts";
import { median, round } from "../support/stats.ts";
import type { Flood, Flooded } from "../support/stream-clients.ts";
import type { Target } from "../support/stream-socket.ts";
import { people, talk } from "../support/talk.ts";

const followers = 100;
const turns = 3;
/** What a flood leaves behind (counters, outboxes) is counted with it. */
const afterMs = 300;

interface Side {
	pid: number;
	clients: Clients;
}

interface Turn extends Flooded {
	perCpuSecond: number;
}

const turn = async ({ pid, clients }: Side, flood: Flood): Promise<Turn> => {
	const cpu = cpuSince([pid]);
	const flooded = await clients.flood(flood);
	await delay(afterMs);
	return { ...flooded, perCpuSecond: flooded.deliveries / cpu() };
};

const compare = async (name: string, least: number, ours: Side, peer: Side, flood: Flood): Promise<Figure> => {
	await turn(ours, { ...flood, seconds: 1 });
	await turn(peer, { ...flood, seconds: 1 });
	const all: { ours: Turn; peer: Turn }[] = [];
	for (let count = 0; count < turns; count++) all.push({ ours: await turn(ours, flood), peer: await turn(peer, flood) });
	const of = (pick: (one: { ours: Turn; peer: Turn }) => number, digits = 0): number => round(median(all.map(pick)), digits);
	const side = (which: "ours" | "peer"): string =>
		`${of((one) => one[which].perCpuSecond)} deliveries a CPU-second, ${of((one) => one[which].posts / one[which].seconds)} posts/s, ack p50 ${of((one) => one[which].ackP50, 1)} ms`;
	return {
		name,
		value: of((one) => one.ours.perCpuSecond / one.peer.perCpuSecond, 2),
		unit: "×",
		bound: { least },
		note: `median of ${turns} turns; ${side("ours")}; plain: ${side("peer")}`,
	};
};

/** One stream, 100 followers: what is stored, numbered and counted, against a room of socket.io that forgets at once. */
export const liveFanOut = async (): Promise<Figure[]> => {
	const souk = await startSouk({ env: { LOG_LEVEL: "warn" } });
	const peer = await startPeer();
	const client = new BenchClient(souk.url);
	const sides = [startClients(), startClients()] as const;
	try {
		const members = await people(client, followers);
		const stream = await talk(client, members);
		const targets = (port: number): Target[] => members.map(({ token }) => ({ port, stream, token }));
		await sides[0].open(targets(Number(new URL(souk.url).port)), 10);
		await sides[1].open(targets(peer.port), 10);
		const ours = { pid: souk.pid, clients: sides[0] };
		const plain = { pid: peer.pid, clients: sides[1] };
		const busy = { seconds: 1.5, postersPerStream: 64, pauseMs: 0 };
		const calm = { seconds: 2, postersPerStream: 64, pauseMs: 200 };
		const sparse = { seconds: 2, postersPerStream: 8, pauseMs: 80 };
		return [
			await compare("durable fan-out to 100, 64 post without a pause ÷ plain socket.io", 0.9, ours, plain, busy),
			await compare("durable fan-out to 100, 64 post every 200 ms ÷ plain socket.io", 0.9, ours, plain, calm),
			await compare("durable fan-out to 100, 8 post every 80 ms, mostly alone ÷ plain socket.io", 0.9, ours, plain, sparse),
		];
	} finally {
		client.close();
		await Promise.all([...sides.map((side) => side.end()), peer.stop(), souk.stop()]);
	}
};
