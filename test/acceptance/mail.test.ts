import { type SmtpSink, startSmtp } from "../support/smtp.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { mailEnv, mailing, smtpUrlOf } from "./mail.suite.ts";

describe("Mails, everything in one process", function () {
	this.timeout(60_000);
	let souk: Souk;
	let smtp: SmtpSink;
	let time: TestClock;
	before(async () => {
		[smtp, time] = await Promise.all([startSmtp(), testClock()]);
		souk = await startSouk({ env: { ...mailEnv, ...time.env, SMTP_URL: smtpUrlOf(smtp) } });
	});
	after(async () => {
		await souk?.stop();
		await smtp?.stop();
		await time?.remove();
	});

	mailing(() => ({ api: souk.api, smtp, time, embedded: true }));
});
