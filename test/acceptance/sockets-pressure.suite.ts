import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { HttpClient } from "../support/http.ts";
import { type LiveSocket, LiveSockets } from "../support/live-socket.ts";
import { type Someone, signUp } from "../support/market.ts";
import { closeRaw, RawPolling, RawSocket } from "../support/raw-socket.ts";
import { type SlowWay, slowWay } from "../support/slow-way.ts";
import { until } from "../support/until.ts";

const residentMb = async (pid: number): Promise<number> => {
	const status = await readFile(`/proc/${pid}/status`, "utf8");
	return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
};

const followers = 20;
const stopped = 2;
const posts = 400;
/** Fills what kernels buffer, several times over. */
const length = 16_000;

/** Who does not read, or asks without reading. `pids`: of the processes that may hold the stream. */
export const socketPressure = (api: () => HttpClient, pids: () => readonly number[]): void => {
	let [ann, bob]: Someone[] = [];
	let stream: string;
	let way: SlowWay;
	const raw: RawSocket[] = [];
	const sockets = new LiveSockets(() => api().url);
	const token = (): string => bob?.token ?? "";
	const slowUrl = (): string => `http://127.0.0.1:${way.port}`;
	const memory = async (): Promise<number> => Math.max(...(await Promise.all(pids().map(residentMb))));
	const rawSocket = async (url = slowUrl()): Promise<RawSocket> => {
		const socket = new RawSocket(url, `stream_id=${stream}`);
		raw.push(socket);
		return socket.join(token(), { after: 0 });
	};
	const seqsIn = (packets: readonly string[]): number[] =>
		packets.filter((packet) => packet.startsWith('42/chat,["entries"')).flatMap((packet) => (JSON.parse(packet.slice(8)) as [string, { seq: number }[]])[1].map(({ seq }) => seq)); // biome-ignore format: one line
	const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);
	/** As a client does: who was faster than a connection may be waits as long as it was told, and says it again. */
	const post = async (socket: LiveSocket, text: string, id: string = randomUUID()): Promise<number> => {
		const answer = await socket.ask("post", { id, text });
		if (answer.ok) return answer.seq as number;
		assert.equal(answer.problem.code, "RATE_LIMITED", JSON.stringify(answer));
		await delay((answer.problem.retryAfter ?? 0) * 1_000);
		return post(socket, text, id);
	};

	beforeEach(async () => {
		[ann, bob] = await Promise.all(["buyer", "seller"].map((role) => signUp(api(), role as "buyer")));
		stream = (await api().post("/v1/conversations", { memberIds: [bob?.id] }, { token: ann?.token ?? "" })).body.streamId;
		way = await slowWay(Number(new URL(api().url).port));
	});
	afterEach(async () => {
		sockets.closeAll();
		way.go();
		await closeRaw(raw.splice(0));
		await way.close();
	});

	it("those who stop reading and ask for more hold up nobody, cost no more than their bound, and miss nothing", async () => {
		const writer = await sockets.dial({ stream, token: ann?.token ?? "" }).ready();
		const others = await Promise.all(Array.from({ length: followers }, () => sockets.dial({ stream, token: token() }).ready()));
		const slow = await Promise.all(Array.from({ length: stopped }, () => rawSocket()));
		for (let i = 0; i < 100; i += 1) await post(writer, "x".repeat(length));
		const before = await memory();
		way.stop();
		for (let i = 0; i < posts - 100; i += 1) {
			const seq = await post(writer, "x".repeat(length));
			if (i % 50 !== 0) continue;
			for (const one of slow) for (let n = 0; n < 40; n += 1) one.say(`42/chat,${n}["history",{"before":${seq},"limit":200}]`);
			await until("the others to have it", async () => others.every(({ entries }) => entries.at(-1)?.seq === seq), Boolean);
		}
		const grown = (await memory()) - before;
		// What both may hold, and what the process itself takes to move 6 MB to 20 followers. Unbounded it would be 2 × 40 × 6 × 256 KiB of history alone.
		assert.ok(grown < 150, `${grown} MB`);
		for (const { entries } of others) assert.deepEqual(entries.map(({ seq }) => seq), upTo(posts)); // biome-ignore format: one line
		way.go();
		for (const one of slow) {
			await until("all that they missed", async () => seqsIn(one.heard).at(-1), (seq) => seq === posts); // biome-ignore format: one line
			assert.deepEqual(seqsIn(one.heard), upTo(posts));
			assert.ok(one.live);
		}
	});

	it("a WebSocket that asks without reading is not read either, and is answered when it is", async () => {
		const writer = await sockets.dial({ stream, token: ann?.token ?? "" }).ready();
		for (let i = 0; i < 30; i += 1) await post(writer, "y".repeat(length));
		const greedy = await rawSocket();
		way.stop();
		const before = await memory();
		// 300 at once are a connection's burst, each for 256 KiB: 75 MB.
		for (let n = 0; n < 300; n += 1) greedy.say(`42/chat,${n}["history",{"before":30}]`);
		for (let i = 0; i < 10; i += 1) await post(writer, "meanwhile");
		assert.ok((await memory()) - before < 60);
		way.go();
		const answers = async () => greedy.heard.filter((packet) => packet.startsWith("43/chat,")).length;
		await until("an answer to each", answers, (count) => count === 300, 60_000); // 75 MB
	});

	it("a polling client that asks without taking is bounded, and others are not held up", async () => {
		const writer = await sockets.dial({ stream, token: ann?.token ?? "" }).ready();
		for (let i = 0; i < 20; i += 1) await post(writer, "z".repeat(length));
		const greedy = await new RawPolling(api().url, `stream_id=${stream}`).join(token(), { after: 0 });
		const before = await memory();
		for (let round = 0; round < 15; round += 1) {
			const asked = Array.from({ length: 2_000 }, (_, n) => `42/chat,${n}["history",{"before":20}]`);
			assert.equal((await greedy.say(asked.join("\u001e"))).status, 200);
			await post(writer, "meanwhile");
		}
		assert.ok((await memory()) - before < 100);
		const taken = (await greedy.take()).reduce((sum, packet) => sum + packet.length, 0);
		assert.ok(taken < 3 * 1024 * 1024, `${taken}`);
		// It takes what there is, and is heard again.
		await greedy.say('42/chat,77777["history",{"before":2}]');
		await greedy.hears("43/chat,77777[");
		while (seqsIn(greedy.heard).at(-1) !== 35) await greedy.take();
		assert.deepEqual(seqsIn(greedy.heard), upTo(35));
	});
};
