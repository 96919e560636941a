import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { anIntakeDocument } from "../support/an-intake-document.ts";
import { login } from "../support/http.ts";
import { openLines, sendLines } from "../support/ndjson.ts";
import { seeded } from "../support/random.ts";
import { admin, type Souk, startSouk } from "../support/souk.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const count = 8_000;
const uid = (index: number): string => `killed${String(index).padStart(8, "0")}`;
const lines = Array.from({ length: count }, (_, index) => JSON.stringify(anIntakeDocument(uid(index))));

describe(`One process that is killed while documents stream in (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	let souk: Souk;
	before(async () => {
		souk = await startSouk({ env: { LOG_LEVEL: "error" } });
	});
	after(() => souk?.stop());

	const token = async (): Promise<string> => (await login(souk.api, admin.email, admin.password)).token;

	/** Streams from there on until it is killed; answers how many were acknowledged. */
	const streamAndKill = async (from: number): Promise<number> => {
		const stream = openLines(souk.url, await token());
		const sending = (async () => {
			for (const line of lines.slice(from)) await stream.send(`${line}\n`);
		})();
		const killing = delay(100 + random() * 400).then(() => souk.kill("SIGKILL"));
		let acknowledged = 0;
		for await (const { ok, id } of stream.answers()) {
			assert.deepEqual([ok, id], [true, uid(from + acknowledged)]);
			acknowledged += 1;
		}
		stream.cut();
		await Promise.all([killing, sending]);
		return acknowledged;
	};

	it("has every document that it acknowledged, and takes the rest when all are sent again", async () => {
		let known = 0;
		for (let kills = 0; kills < 4; kills++) {
			known += await streamAndKill(known);
			await souk.restart();
			const say = { token: await token() };
			for (let index = Math.max(0, known - 50); index < known; index++) {
				const { status, text } = await souk.api.get(`/order/${uid(index)}`, say);
				assert.deepEqual([status, text], [200, lines[index]], uid(index));
			}
		}
		assert.ok(known > 0);
		const answers = await sendLines(souk.url, await token(), lines);
		assert.equal(answers.length, count);
		assert.ok(answers.every(({ ok }) => ok));
	});
});
