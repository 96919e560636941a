import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { removeDir, tempDir } from "../support/temp-dir.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const runner = fileURLToPath(new URL("../../node_modules/moleculer/bin/moleculer-runner.mjs", import.meta.url));
const fixtures = "test/contract/fixtures";
const config = ["--config", "moleculer.config.ts"];
const mask = ["--mask", "**/*.service.ts"];

describe("Moleculer: its runner", () => {
	let dataDir: string;
	let child: ChildProcess | undefined;
	before(async () => {
		dataDir = await tempDir("runner");
	});
	afterEach(() => child?.kill("SIGKILL"));
	after(() => removeDir(dataDir));

	/** Runs it until a line matches, and answers all that was said up to there. */
	const runUntil = async (pattern: RegExp, args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
		const { PATH = "" } = process.env;
		const started = spawn(process.execPath, [runner, ...args], { cwd: root, env: { PATH, DATA_DIR: dataDir, ...env } });
		child = started;
		let said = "";
		const matched = new Promise<void>((resolve) => {
			for (const stream of [started.stdout, started.stderr]) {
				stream.on("data", (chunk: Buffer) => {
					said += chunk.toString();
					if (pattern.test(said)) resolve();
				});
			}
		});
		const ended = once(started, "close").then(() => assert.fail(`it ended without ${pattern}:\n${said}`));
		ended.catch(() => undefined); // after the race it is us who end it
		await Promise.race([matched, ended]);
		return said;
	};

	const optionsSeen = async (args: readonly string[], env?: Record<string, string>): Promise<Record<string, unknown>> =>
		JSON.parse(/hello (.*)\n/.exec(await runUntil(/hello .*\n/, args, env))?.[1] ?? "");

	it("starts services of ours with our options, when it is told the config file and the mask", async () => {
		const { namespace, tracking, heartbeatTimeout, validatedBy } = await optionsSeen([...config, ...mask, fixtures]);
		assert.deepEqual([namespace, tracking, heartbeatTimeout, validatedBy], ["souk", true, 2, "TypeBoxValidator"]);
	});

	it("does not find moleculer.config.ts by itself", async () => {
		assert.equal((await optionsSeen([...mask, fixtures])).namespace, "");
	});

	it("does not find *.service.ts by itself", async () => {
		await runUntil(/There is no service files in directory/, [fixtures]);
	});

	it("looks for hello.service.js when SERVICES names hello, so SERVICES is for scripts/start.ts only", async () => {
		const said = await runUntil(/There is no matched file for pattern: 'hello'/, [...mask], {
			SERVICES: "hello",
			SERVICEDIR: fixtures,
		});
		assert.doesNotMatch(said, /hello \{/);
	});

	it("puts the variable TRANSPORTER in place of the config file's transporter and its options", async () => {
		const TRANSPORTER = "nats://127.0.0.1:1";
		const shared = { TRANSPORTER, MONGO_URL: "mongodb://127.0.0.1:1", REDIS_URL: "redis://127.0.0.1:1" };
		assert.equal((await optionsSeen([...config, ...mask, fixtures], shared)).transporter, TRANSPORTER);
	});
});
