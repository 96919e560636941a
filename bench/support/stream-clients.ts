// The clients of the live benches, in a process of their own: sockets that follow, some of which post.
import { setTimeout as delay } from "node:timers/promises";
import { StreamSocket, type Target } from "./stream-socket.ts";

export interface Flood {
	seconds: number;
	/** So many of each stream's sockets post, each the next message as soon as the last one is acked … */
	postersPerStream: number;
	/** … and this long after it, in ms. */
	pauseMs: number;
	/** Characters of each message; 100 without it, a line of chat. */
	length?: number;
}

export interface Flooded {
	posts: number;
	deliveries: number;
	ackP50: number;
	ackP99: number;
	/** From the post to a follower that looks at its entries, ms. 0: none does. */
	lagP99: number;
	seconds: number;
}

export interface Resumed {
	entries: number;
	/** Median, from the connection to the last entry. */
	ms: number;
}

export type Command =
	| { do: "open"; targets: Target[]; checkEvery: number }
	| { do: "flood"; flood: Flood }
	| { do: "stall"; targets: Target[]; asking: number }
	| { do: "resume"; targets: Target[]; missed: number; times: number; width: number }
	| { do: "close" };

const openedAtOnce = 40;
const settleBound = 20_000;
const line = "The laksa is as good as they say, and they do send it over the bridge if you ask before eleven. Yes.";

/** The time of a post stands before its text. */
const timeLength = 16;

let sockets: { target: Target; socket: StreamSocket }[] = [];
let run = 0;

const open = async (targets: readonly Target[], checkEvery: number): Promise<number> => {
	let next = 0;
	const worker = async (): Promise<void> => {
		for (let index = next++; index < targets.length; index = next++) {
			const target = targets[index] as Target; // in range
			const socket = new StreamSocket(target, checkEvery > 0 && index % checkEvery === 0);
			sockets.push({ target, socket });
			await socket.opened();
		}
	};
	await Promise.all(Array.from({ length: openedAtOnce }, worker));
	return sockets.length;
};

/** The first `count` of each stream. */
const postersOf = (count: number): StreamSocket[] => {
	const byStream = new Map<string, StreamSocket[]>();
	for (const { target, socket } of sockets) byStream.set(target.stream, [...(byStream.get(target.stream) ?? []), socket]);
	return [...byStream.values()].flatMap((all) => all.slice(0, count));
};

const received = (): number => sockets.reduce((sum, { socket }) => sum + socket.entries, 0);

/** Until each stream's posts have reached all of its sockets. */
const settled = async (expected: number): Promise<void> => {
	const end = performance.now() + settleBound;
	while (received() < expected) {
		if (performance.now() > end) throw new Error(`${received()} of ${expected} entries came`);
		await delay(10);
	}
};

/** As a client does: what may work later is sent again, under the same id. */
const postUntilTaken = async (socket: StreamSocket, id: string, text: string): Promise<void> => {
	for (let tries = 1; ; tries++) {
		const { ok, problem } = await socket.post(id, text);
		if (ok) return;
		if (!problem?.retryable || tries === 20) throw new Error(`a post was refused: ${JSON.stringify(problem)}`);
		await delay(250);
	}
};

const flood = async ({ seconds, postersPerStream, pauseMs, length = line.length }: Flood): Promise<Flooded> => {
	run += 1;
	for (const { socket } of sockets) socket.lags.length = 0;
	const rest = line.repeat(Math.ceil(length / line.length)).slice(0, length - timeLength);
	const before = received();
	const acks: number[] = [];
	const begin = performance.now();
	const end = begin + seconds * 1_000;
	const poster = async (socket: StreamSocket, index: number): Promise<void> => {
		// Not all in the same moment: people do not type in step.
		if (pauseMs > 0) await delay(Math.random() * pauseMs);
		for (let count = 0; performance.now() < end; count++) {
			const sent = performance.now();
			const text = sent.toFixed(1).padEnd(timeLength) + rest;
			await postUntilTaken(socket, `${process.pid}-${run}-${index}-${count}`, text);
			acks.push(performance.now() - sent);
			if (pauseMs > 0) await delay(pauseMs * (0.5 + Math.random()));
		}
	};
	await Promise.all(postersOf(postersPerStream).map(poster));
	const took = (performance.now() - begin) / 1_000;
	const streams = new Set(sockets.map(({ target }) => target.stream)).size;
	const expected = (acks.length * sockets.length) / streams;
	await settled(before + expected);
	const lags = sockets.flatMap(({ socket }) => socket.lags);
	const deliveries = received() - before;
	return {
		posts: acks.length,
		deliveries,
		ackP50: shareOf(acks, 0.5),
		ackP99: shareOf(acks, 0.99),
		lagP99: shareOf(lags, 0.99),
		seconds: took,
	};
};

const shareOf = (values: number[], share: number): number => {
	values.sort((a, b) => a - b);
	return values[Math.floor((values.length - 1) * share)] ?? 0;
};

const askEvery = 50;

/** Sockets that join and read nothing more; the first `asking` of them ask for history all the time. */
const stall = async (targets: readonly Target[], asking: number): Promise<number> => {
	for (const [index, target] of targets.entries()) {
		const socket = new StreamSocket(target, false);
		sockets.push({ target, socket });
		await socket.opened();
		socket.stall(index < asking ? askEvery : 0);
	}
	return targets.length;
};

/** Connects, gets what was missed, goes away: `times` over, `width` at once. */
const resume = async (targets: readonly Target[], missed: number, times: number, width: number): Promise<Resumed> => {
	const took: number[] = [];
	let next = 0;
	let entries = 0;
	const worker = async (): Promise<void> => {
		for (let index = next++; index < times; index = next++) {
			const begin = performance.now();
			const socket = new StreamSocket(targets[index % targets.length] as Target, true); // in range
			await socket.opened();
			await socket.until(missed);
			took.push(performance.now() - begin);
			entries += socket.entries;
			socket.close();
		}
	};
	await Promise.all(Array.from({ length: width }, worker));
	took.sort((a, b) => a - b);
	return { entries, ms: took[took.length >> 1] ?? 0 };
};

const close = (): number => {
	for (const { socket } of sockets) socket.close();
	const count = sockets.length;
	sockets = [];
	return count;
};

const obey = async (command: Command): Promise<unknown> => {
	if (command.do === "open") return open(command.targets, command.checkEvery);
	if (command.do === "flood") return flood(command.flood);
	if (command.do === "stall") return stall(command.targets, command.asking);
	if (command.do === "resume") return resume(command.targets, command.missed, command.times, command.width);
	return close();
};

process.on("message", (command: Command) => {
	void obey(command).then((answer) => process.send?.({ answer }));
});
process.on("disconnect", () => process.exit());
