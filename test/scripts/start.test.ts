import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

describe("npm start", () => {
	let dataDir: string;
	const children: SoukProcess[] = [];
	const node = (env: Record<string, string> = {}): SoukProcess => {
		const child = new SoukProcess({ DATA_DIR: dataDir, SERVICES: "orders", ...env });
		children.push(child);
		return child;
	};

	beforeEach(async () => {
		dataDir = await tempDir("start");
	});
	afterEach(async () => {
		await Promise.all(children.splice(0).map((child) => child.kill()));
		await removeDir(dataDir);
	});

	it("names every wrong setting in plain words, without a stack, and exits with 78", async () => {
		const child = node({ PORT: "seven", LOG_LEVEL: "loud", SOUK_DATA: "x" });
		child.spawn();
		assert.deepEqual(await child.exited(), { code: 78, signal: null });
		for (const name of ["PORT", "LOG_LEVEL", "SOUK_DATA"]) assert.match(child.logs, new RegExp(`^  ${name} `, "m"));
		assert.doesNotMatch(child.logs, /\n\s+at /);
	});

	it("refuses a transporter with the embedded store and says what to set", async () => {
		const child = node({ TRANSPORTER: "nats://127.0.0.1:4222" });
		child.spawn();
		assert.equal((await child.exited()).code, 78);
		assert.match(child.logs, /MONGO_URL must be set too/);
		assert.match(child.logs, /REDIS_URL must be set too/);
	});

	it("takes a webhook secret of any length, for its provider chose it, and warns of one that can be guessed", async () => {
		const child = node({ SERVICES: "payment", WEBHOOK_SECRETS: "whsec_1, secret_of-enough-letters" });
		await child.start();
		assert.match(child.logs, /A secret in WEBHOOK_SECRETS has less than 16 characters/);
		assert.doesNotMatch(child.logs, /whsec_1/);
	});

	it("refuses a data folder that another process holds, and names that process", async () => {
		const first = node();
		await first.start();
		const second = node();
		second.spawn();
		assert.deepEqual(await second.exited(), { code: 1, signal: null });
		assert.match(second.logs, new RegExp(`in use by process ${first.pid}`));
	});

	it("says in plain words that its data folder cannot be used, and ends", async () => {
		await writeFile(join(dataDir, "file"), "");
		for (const unusable of [
			join(dataDir, "file"),
			join(dataDir, "file", "data"),
			...(existsSync("/proc/self") ? ["/proc/souk/data"] : []),
		]) {
			const child = node({ DATA_DIR: unusable });
			child.spawn();
			assert.deepEqual(await child.exited(), { code: 1, signal: null });
			const told = child.logs.slice(child.logs.indexOf("Souk could not start"));
			assert.match(told, /^Souk could not start: the data folder .* cannot be used: E.*Set DATA_DIR/);
		}
	});

	it("takes over a data folder whose holder was killed", async () => {
		const first = node();
		await first.start();
		await first.kill("SIGKILL");
		await node().start();
	});

	for (const signal of ["SIGTERM", "SIGINT"] as const) {
		it(`drains on ${signal} and exits with 0`, async () => {
			const child = node();
			await child.start();
			assert.deepEqual(await child.kill(signal), { code: 0, signal: null });
		});
	}

	it("takes two signals at once, as npm sends them on Ctrl-C, for one", async () => {
		const child = node();
		await child.start();
		process.kill(child.pid, "SIGINT");
		assert.deepEqual(await child.kill("SIGINT"), { code: 0, signal: null });
	});

	it("ends in order when the signal comes in the middle of the start", async () => {
		const child = node();
		child.spawn();
		await child.until("starting");
		assert.deepEqual(await child.kill("SIGTERM"), { code: 0, signal: null });
		assert.doesNotMatch(child.logs, /Error/);
	});

	it("ends in order when the signal comes while it waits for a database that is not there", async () => {
		const child = node({ MONGO_URL: `mongodb://127.0.0.1:${await freePort()}/?serverSelectionTimeoutMS=200` });
		child.spawn();
		await child.until("starting");
		assert.deepEqual(await child.kill("SIGTERM"), { code: 0, signal: null });
	});

	it("ends when the process that started it is killed and cannot say goodbye", async () => {
		const child = node();
		await child.start();
		child.disconnect();
		assert.deepEqual(await child.exited(), { code: 0, signal: null });
	});
});
