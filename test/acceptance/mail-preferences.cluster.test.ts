import { needsOwn } from "../support/servers.ts";
import { type SmtpSink, startSmtp } from "../support/smtp.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { mailPreferences, mailPreferencesEnv } from "./mail-preferences.suite.ts";

describe("What people want by mail, in a cluster", function () {
	this.timeout(90_000);
	let smtp: SmtpSink;
	let clock: TestClock;
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		[smtp, clock] = await Promise.all([startSmtp(), testClock()]);
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "chat"] },
				{ services: ["orders", "payment", "notification"] },
				{ services: ["email"] },
				{ services: ["email"] },
			],
			env: mailPreferencesEnv(smtp, clock),
		});
	});
	after(async () => {
		await cluster?.stop();
		await smtp?.stop();
		await clock?.remove();
	});

	mailPreferences(() => ({
		api: cluster.api,
		...{ smtp, clock },
		async restart() {
			const [first] = cluster.withService("email");
			await first?.process.kill();
			await first?.process.restart();
		},
	}));
});
