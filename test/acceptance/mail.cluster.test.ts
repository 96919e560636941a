import { type Collector, startCollector } from "../support/otlp-collector.ts";
import { needsOwn } from "../support/servers.ts";
import { type SmtpSink, smtpCertificate, startSmtp } from "../support/smtp.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { mailEnv, mailing, smtpUrlOf } from "./mail.suite.ts";
import { tracedEnv, traces } from "./traces.suite.ts";

describe("Mails, in a cluster, over TLS", function () {
	this.timeout(90_000);
	let cluster: Cluster;
	let smtp: SmtpSink;
	let collector: Collector;
	let time: TestClock;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		[smtp, time, collector] = await Promise.all([startSmtp({ tls: "starttls" }), testClock(), startCollector()]);
		const trust = { SMTP_URL: smtpUrlOf(smtp), NODE_EXTRA_CA_CERTS: smtpCertificate.path };
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth"] },
				{ services: ["orders", "payment", "chat", "notification"] },
				{ services: ["email"] },
				{ services: ["email"] },
			],
			env: { ...mailEnv, ...time.env, ...trust, ...tracedEnv(collector) },
		});
	});
	after(async () => {
		await cluster?.stop();
		await smtp?.stop();
		await collector?.stop();
		await time?.remove();
	});

	describe("as a collector of traces sees them", () => {
		const logs = () => cluster.nodes.map(({ process }) => process.logs).join("");
		traces(() => ({ api: cluster.api, collector, clustered: true, logs }));
	});
	mailing(() => ({ api: cluster.api, smtp, time, embedded: false }));
});
