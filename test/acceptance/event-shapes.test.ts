import { httpClient } from "../support/http.ts";
import { testSettings } from "../support/settings.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { accountLinks } from "./account-links.suite.ts";
import { eventfulEnv, eventShapes } from "./event-shapes.suite.ts";

describe("Domain events, everything in one process", function () {
	this.timeout(60_000);
	let dataDir: string;
	let souk: SoukProcess | undefined;
	let clock: TestClock;
	before(async () => {
		dataDir = await tempDir("events");
		clock = await testClock();
		const env = { ...testSettings, ...eventfulEnv, ...clock.env, DATA_DIR: dataDir };
		souk = new SoukProcess(env, "test/support/fixtures/souk-with-ear.ts");
		await souk.start();
	});
	after(async () => {
		if (souk?.running) await souk.kill("SIGTERM");
		await clock?.remove();
		await removeDir(dataDir);
	});
	const api = () => httpClient(souk?.url ?? "");
	const logs = () => souk?.logs ?? "";

	describe("and the links that mails carry", () => accountLinks(api, logs, () => ""));
	describe("each of them", () => eventShapes(api, logs, () => clock));
});
