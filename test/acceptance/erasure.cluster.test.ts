import { connect } from "nats";
import { documentsIn, filesIn, type Kept, lastingKeysIn, messagesIn } from "../support/kept-bytes.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { erasure, erasureEnv } from "./erasure.suite.ts";

const day = 86_400_000;

describe("What somebody was and said, in a cluster", function () {
	this.timeout(90_000);
	let clock: TestClock;
	let cluster: Cluster;
	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		clock = await testClock();
		cluster = await startCluster({
			nodes: [{ services: ["gateway", "auth", "orders", "payment", "chat", "notification"] }, { services: ["email"] }],
			env: erasureEnv(clock),
		});
	});
	after(async () => {
		await cluster?.stop();
		await clock?.remove();
	});

	/** What was to be told about the account is told to nobody any more. */
	const loseEvents = async (): Promise<void> => {
		const connection = await connect({ servers: cluster.nats.url.replace("nats://", "") });
		const jsm = await connection.jetstreamManager();
		await jsm.streams.purge("SOUK_EVENTS", { filter: "souk.events.user.deleted" });
		await connection.close();
	};
	const mailer = () => cluster.withService("email")[0]?.process;

	erasure(() => ({
		api: cluster.api,
		clock,
		places: [
			/\.(users|sessions|orders|entries|notifications|mails|mail_digest_items|intake_documents)\//,
			/mail\/.*\.eml/,
			/SOUK_EVENTS\/\d+ souk\.events\.user\.registered/,
			/SOUK_EVENTS\/\d+ souk\.events\.chat\.message_posted/,
			/SOUK_EVENTS\/\d+ souk\.events\.notification\.created/,
			/SOUK_EVENTS\/\d+ souk\.events\.order\.cancelled/,
			/\.blk/,
		],
		async kept() {
			const logs: Kept = new Map(cluster.nodes.map(({ services, process }) => [`the log of ${services.join()}`, process.logs]));
			const all = await Promise.all([
				documentsIn(cluster.mongod.url),
				filesIn(cluster.env.DATA_DIR ?? ""),
				filesIn(cluster.nats.dir),
				messagesIn(cluster.nats.url),
				lastingKeysIn(cluster.redis.url, day),
			]);
			return new Map([logs, ...all].flatMap((kept) => [...kept]));
		},
		// Away for hours, and when it is back the bus knows nothing of those who went meanwhile.
		async interrupt() {
			await mailer()?.kill();
		},
		async recover() {
			await loseEvents();
			await mailer()?.start();
		},
	}));
});
