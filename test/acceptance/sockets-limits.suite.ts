import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { HttpClient } from "../support/http.ts";
import { type LiveSocket, LiveSockets } from "../support/live-socket.ts";
import { type Someone, signUp } from "../support/market.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";

const half = 2_000;

/** Who says or wants too much. `ports`: of the gateway, and of sockets where there are others. */
export const socketLimits = (api: () => HttpClient, ports: () => readonly number[]): void => {
	let [ann, bob]: Someone[] = [];
	let stream: string;
	const sockets = new LiveSockets(() => api().url);
	const join = (who: Someone | undefined): Promise<LiveSocket> => sockets.dial({ stream, token: who?.token ?? "" }).ready();

	before(async () => {
		[ann, bob] = await Promise.all(["buyer", "seller"].map((role) => signUp(api(), role as "buyer")));
		stream = (await api().post("/v1/conversations", { memberIds: [bob?.id] }, { token: ann?.token ?? "" })).body.streamId;
	});
	afterEach(() => sockets.closeAll());

	it("who talks too fast is told to wait, and others are not", async () => {
		const [fast, other] = [await join(ann), await join(bob)];
		const asked = Array.from({ length: 3_000 }, () => fast.ask("history", { before: 1 }));
		const posted = Array.from({ length: 20 }, (_, i) => other.ask("post", { id: randomUUID(), text: `${i}` }));
		for (const answer of await Promise.all(posted)) assert.ok(answer.ok, JSON.stringify(answer));
		const refused = (await Promise.all(asked)).filter((answer) => !answer.ok);
		assert.ok(refused.length > 1_000, `${refused.length}`);
		for (const answer of refused) {
			assert.ok(!answer.ok);
			assert.deepEqual([answer.problem.code, answer.problem.retryable, answer.problem.retryAfter], ["RATE_LIMITED", true, 1]);
		}
		await until("to be heard again", () => fast.refusalOf("history", { before: 1 }), (code) => code === null); // biome-ignore format: one line
	});

	it("one user has 200 connections to a node, and as many again when those are gone", async () => {
		const all = await Promise.all(Array.from({ length: 200 }, () => join(ann)));
		assert.equal(await sockets.dial({ stream, token: ann?.token ?? "" }).refusal(), "RATE_LIMITED");
		await join(bob);
		for (const socket of all) socket.close();
		await until("a place", () => join(ann).then(() => true, () => false), Boolean); // biome-ignore format: one line
	});

	it(`${half} connections that never finish what they begin keep nobody out`, async () => {
		const other = await join(bob);
		const open: Socket[] = [];
		const raw: RawSocket[] = [];
		const beginnings = ["", "GET /socket.io/?EIO=4&tra", `GET /socket.io/?EIO=4&transport=websocket&stream_id=${stream} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n`, `POST /socket.io/?EIO=4&transport=polling&stream_id=${stream} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n4`]; // biome-ignore format: one line
		try {
			for (let i = 0; i < half; i += 1) {
				const socket = connect({ port: ports()[i % ports().length] ?? 0, host: "127.0.0.1" });
				socket.on("error", () => undefined);
				socket.once("connect", () => socket.write(beginnings[i % beginnings.length] ?? ""));
				open.push(socket);
				// Handshakes of engine.io that join nothing.
				if (i % 10 === 0) raw.push(new RawSocket(api().url, `stream_id=${stream}`));
				if (i % 100 === 0) assert.ok((await other.ask("post", { id: randomUUID(), text: `${i}` })).ok);
			}
			assert.equal(await (await join(ann)).refusalOf("post", { id: randomUUID(), text: "through" }), null);
			assert.equal((await api().get("/v1/auth/me", { token: ann?.token ?? "" })).status, 200);
		} finally {
			for (const socket of [...open]) socket.destroy();
			for (const socket of raw) socket.close();
		}
	});
};
