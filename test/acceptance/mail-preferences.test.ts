import { type SmtpSink, startSmtp } from "../support/smtp.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { mailPreferences, mailPreferencesEnv } from "./mail-preferences.suite.ts";

describe("What people want by mail, everything in one process", function () {
	this.timeout(60_000);
	let smtp: SmtpSink;
	let clock: TestClock;
	let souk: Souk;
	before(async () => {
		[smtp, clock] = await Promise.all([startSmtp(), testClock()]);
		souk = await startSouk({ env: mailPreferencesEnv(smtp, clock) });
	});
	after(async () => {
		await souk?.stop();
		await smtp?.stop();
		await clock?.remove();
	});

	mailPreferences(() => ({
		api: souk.api,
		...{ smtp, clock },
		async restart() {
			await souk.kill();
			await souk.restart();
		},
	}));
});
