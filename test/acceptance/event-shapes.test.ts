import { httpClient } from "../support/http.ts";
import { testSettings } from "../support/settings.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";
import { eventfulEnv, eventShapes } from "./event-shapes.suite.ts";

describe("Domain events, everything in one process", function () {
	this.timeout(60_000);
	let dataDir: string;
	let souk: SoukProcess | undefined;
	before(async () => {
		dataDir = await tempDir("events");
		souk = new SoukProcess({ ...testSettings, ...eventfulEnv, DATA_DIR: dataDir }, "test/support/fixtures/souk-with-ear.ts");
		await souk.start();
	});
	after(async () => {
		if (souk?.running) await souk.kill("SIGTERM");
		await removeDir(dataDir);
	});

	eventShapes(
		() => httpClient(souk?.url ?? ""),
		() => souk?.logs ?? "",
	);
});
