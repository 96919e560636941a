import { filesIn } from "../support/kept-bytes.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { erasure, erasureEnv } from "./erasure.suite.ts";

describe("What somebody was and said, everything in one process", function () {
	this.timeout(60_000);
	let clock: TestClock;
	let souk: Souk;
	before(async () => {
		clock = await testClock();
		souk = await startSouk({ env: erasureEnv(clock) });
	});
	after(async () => {
		await souk?.stop();
		await clock?.remove();
	});

	erasure(() => ({
		api: souk.api,
		clock,
		places: [/souk\.db/, /mail\/.*\.eml/],
		async kept() {
			const files = await filesIn(souk.dataDir);
			return files.set("the log", souk.logs);
		},
		// In the middle of what follows the answer.
		async interrupt() {
			await souk.kill();
			await souk.restart();
		},
		recover: async () => undefined,
	}));
});
