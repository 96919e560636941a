import { needsOwn } from "../support/servers.ts";
import { type SmtpSink, smtpCertificate, startSmtp } from "../support/smtp.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { mailEnv, mailing, smtpUrlOf } from "./mail.suite.ts";

describe("Mails, in a cluster, over TLS", function () {
	this.timeout(90_000);
	let cluster: Cluster;
	let smtp: SmtpSink;
	let time: TestClock;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		[smtp, time] = await Promise.all([startSmtp({ tls: "starttls" }), testClock()]);
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth"] },
				{ services: ["orders", "payment", "chat", "notification"] },
				{ services: ["email"] },
				{ services: ["email"] },
			],
			env: { ...mailEnv, ...time.env, SMTP_URL: smtpUrlOf(smtp), NODE_EXTRA_CA_CERTS: smtpCertificate.path },
		});
	});
	after(async () => {
		await cluster?.stop();
		await smtp?.stop();
		await time?.remove();
	});

	mailing(() => ({ api: cluster.api, smtp, time, embedded: false }));
});
