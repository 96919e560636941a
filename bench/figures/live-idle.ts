import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startSouk } from "../../test/support/souk.ts";
import { removeDir, tempDir } from "../../test/support/temp-dir.ts";
import { startClients, startPeer } from "../support/child.ts";
import { BenchClient } from "../support/client.ts";
import type { Figure } from "../support/figure.ts";
import { held, memoryEnv } from "../support/memory.ts";
import { round } from "../support/stats.ts";
import type { Target } from "../support/stream-socket.ts";
import { people, talk } from "../support/talk.ts";

const sockets = 2_000;
const warmup = 200;
const persons = 40;
/** What is known of presence and of handshakes has settled by then. */
const settleMs = 3_000;

interface Grown {
	heap: number;
	rss: number;
}

/** Bytes a socket: the first ones come before, so that what a process loads once does not count. */
const growth = async (pid: number, file: string, targets: readonly Target[]): Promise<Grown> => {
	const clients = startClients();
	try {
		await clients.open(targets.slice(0, warmup));
		await delay(settleMs);
		const before = await held(pid, file);
		await clients.open(targets.slice(warmup));
		await delay(settleMs);
		const after = await held(pid, file);
		const count = targets.length - warmup;
		return { heap: (after.heap - before.heap) / count, rss: (after.rss - before.rss) / count };
	} finally {
		await clients.end();
		await delay(500);
	}
};

const kib = (bytes: number): number => round(bytes / 1024, 1);

/** What a socket costs that has joined and says nothing. */
export const liveIdle = async (): Promise<Figure[]> => {
	const dir = await tempDir("bench-memory");
	const [ourFile, peerFile] = [join(dir, "ours"), join(dir, "peer")];
	const souk = await startSouk({ env: { LOG_LEVEL: "warn", ...memoryEnv(ourFile) } });
	const peer = await startPeer(memoryEnv(peerFile));
	const client = new BenchClient(souk.url);
	try {
		const members = await people(client, persons);
		const ourPort = Number(new URL(souk.url).port);
		const groups: string[] = [];
		while (groups.length < 20) groups.push(await talk(client, members));
		const targets = (port: number): Target[] =>
			Array.from({ length: sockets }, (_, index) => ({
				port,
				stream: groups[index % groups.length] ?? "",
				token: members[index % members.length]?.token ?? "",
			}));
		const ours = await growth(souk.pid, ourFile, targets(ourPort));
		const plain = await growth(peer.pid, peerFile, targets(peer.port));
		const note = `${sockets} sockets on ${groups.length} streams; heap and buffers ${kib(ours.heap)} against ${kib(plain.heap)} KiB, resident ${kib(ours.rss)} against ${kib(plain.rss)} KiB`;
		return [
			{
				name: "idle socket, heap and buffers ÷ plain socket.io",
				value: round(ours.heap / plain.heap),
				unit: "×",
				bound: { most: 1.5 },
				note,
			},
			{
				name: "idle socket, resident ÷ plain socket.io",
				value: round(ours.rss / plain.rss),
				unit: "×",
				bound: { most: 1.5 },
				note,
			},
		];
	} finally {
		client.close();
		await Promise.all([peer.stop(), souk.stop()]);
		await removeDir(dir);
	}
};
