import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { httpClient } from "../support/http.ts";
import { seeded } from "../support/random.ts";
import { assertTold, openRumourMill, type RumourMill, rumours } from "../support/rumours.ts";
import { testSettings } from "../support/settings.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { removeDir, tempDir } from "../support/temp-dir.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const kills = 3;

describe(`One process that is killed while it tells people what happened (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	let dataDir: string;
	let souk: SoukProcess;
	let mill: RumourMill;

	before(async () => {
		dataDir = await tempDir("rumours");
		const env = { ...testSettings, DATA_DIR: dataDir, LOG_LEVEL: "error", OUTBOX_SWEEP_MS: "50", NOTIFICATION_BACKOFF_MS: "20" };
		souk = new SoukProcess(env, "test/support/fixtures/souk-with-rumours.ts");
		await souk.start();
		mill = await openRumourMill(httpClient(souk.url));
		await souk.kill();
	});
	after(async () => {
		if (souk?.running) await souk.kill();
		await removeDir(dataDir);
	});

	it("has told everybody everything once, and of each conversation once in a window, whatever came twice and in whatever order", async () => {
		const all = rumours({ ...mill, orders: 60, windows: 3, messages: 8, random });
		await writeFile(join(dataDir, "rumours.json"), JSON.stringify(all.told));
		for (let life = 0; life < kills; life++) {
			souk.spawn();
			await souk.until("listening");
			await mill.reach(httpClient(souk.url), (life + random()) / (kills + 1), all);
			await souk.kill();
		}
		await souk.start();
		assertTold(await mill.inboxes(httpClient(souk.url), all), all);
	});
});
