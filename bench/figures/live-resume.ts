import { openStore } from "../../mixins/store/store.ts";
import { StoreStreamLog } from "../../mixins/stream-log/stream-log.ts";
import { type StreamRow, streamRows } from "../../mixins/stream-log/stream-row.ts";
import type { Draft } from "../../realtime/log.ts";
import { startSouk } from "../../test/support/souk.ts";
import { removeDir, tempDir } from "../../test/support/temp-dir.ts";
import { type Clients, startClients } from "../support/child.ts";
import { BenchClient } from "../support/client.ts";
import { cpuSince } from "../support/cpu.ts";
import type { Figure } from "../support/figure.ts";
import { median, round } from "../support/stats.ts";
import type { Target } from "../support/stream-socket.ts";
import { people, talk } from "../support/talk.ts";

/** More than the engine keeps in memory: they come from the store. */
const missed = 600;
const own = 1_000;
const foreign = 100_000;
const foreignStreams = 100;
const streams = 10;
const persons = 4;
const times = 200;
const turns = 5;

const drafts = (stream: string, from: string, first: number, count: number): Draft[] =>
	Array.from({ length: count }, (_, index) => ({
		stream,
		seq: first + index,
		id: `m${first + index}`,
		type: "message.posted",
		from,
		body: { text: "The laksa is as good as they say, and they do send it over the bridge." },
		at: "2026-01-01T00:00:00.000Z",
		events: [],
	}));

const write = async (dataDir: string, lengths: ReadonlyMap<string, number>, from: string): Promise<void> => {
	const store = await openStore<{ entries: StreamRow }>({
		collections: { entries: streamRows },
		profile: { kind: "embedded", dataDir },
		source: "/souk/chat",
	});
	const log = new StoreStreamLog(store.entries);
	for (const [stream, length] of lengths) {
		for (let first = 1; first <= length; first += 500)
			await log.append(drafts(stream, from, first, Math.min(500, length - first + 1)));
	}
	await store.close();
};

interface House {
	pid: number;
	targets: Target[];
	clients: Clients;
	stop(): Promise<void>;
}

/** Souk with ten conversations of a thousand messages, and perhaps what others wrote. */
const house = async (foreignEntries: number): Promise<House> => {
	const dataDir = await tempDir("bench-resume");
	const env = { LOG_LEVEL: "warn" };
	const before = await startSouk({ dataDir, env });
	const client = new BenchClient(before.url);
	const members = await people(client, persons);
	const ours: string[] = [];
	while (ours.length < streams) ours.push(await talk(client, members.slice(0, 3)));
	client.close();
	await before.stop();
	const lengths = new Map(ours.map((stream) => [stream, own]));
	for (let index = 0; index < foreignStreams && foreignEntries > 0; index++)
		lengths.set(`g-foreign-${index}`, foreignEntries / foreignStreams);
	await write(dataDir, lengths, members[0]?.id ?? "");
	const souk = await startSouk({ dataDir, env });
	const port = Number(new URL(souk.url).port);
	const targets = ours.map((stream, index) => ({ port, stream, token: members[index % 3]?.token ?? "", after: own - missed }));
	const clients = startClients();
	return {
		pid: souk.pid,
		targets,
		clients,
		stop: async () => {
			await clients.end();
			await souk.stop();
			await removeDir(dataDir);
		},
	};
};

const resume = async ({ pid, targets, clients }: House): Promise<{ cpuMs: number; ms: number }> => {
	const cpu = cpuSince([pid]);
	const { ms } = await clients.resume(targets, missed, times, 4);
	return { cpuMs: (cpu() * 1_000) / times, ms };
};

/** Clients that come back get what they missed from the store; in one of two houses others have written a lot. */
export const liveResume = async (): Promise<Figure[]> => {
	const houses: House[] = [];
	try {
		houses.push(await house(0), await house(foreign));
		const [quiet, busy] = houses as [House, House]; // both were pushed
		await resume(quiet);
		await resume(busy);
		const all: { quiet: { cpuMs: number; ms: number }; busy: { cpuMs: number; ms: number } }[] = [];
		for (let turn = 0; turn < turns; turn++) {
			const first = turn % 2 === 0;
			const one = await resume(first ? quiet : busy);
			const other = await resume(first ? busy : quiet);
			all.push(first ? { quiet: one, busy: other } : { quiet: other, busy: one });
		}
		const of = (pick: (one: (typeof all)[number]) => number): number => median(all.map(pick));
		const [before, after] = [of(({ quiet }) => quiet.cpuMs), of(({ busy }) => busy.cpuMs)];
		const note = `${missed} missed entries from the store; CPU a resume ${round(after)} against ${round(before)} ms, to the last entry ${round(
			of(({ busy }) => busy.ms),
			1,
		)} against ${round(
			of(({ quiet }) => quiet.ms),
			1,
		)} ms; ${turns} turns of ${times}`;
		return [
			{
				name: "resume, 100,000 foreign entries ÷ none, CPU",
				value: round(after / before),
				unit: "×",
				bound: { most: 1.1 },
				note,
			},
		];
	} finally {
		await Promise.all(houses.map((one) => one.stop()));
	}
};
