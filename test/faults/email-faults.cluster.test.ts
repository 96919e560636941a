import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "nats";
import type { DomainEvent } from "../../contracts/events.ts";
import { newId } from "../../contracts/ids.ts";
import { namesOf } from "../../mixins/durable-events/jetstream/names.ts";
import { orderBetween } from "../support/email-node.ts";
import { type Market, openMarket } from "../support/market.ts";
import { seeded } from "../support/random.ts";
import { needsOwn } from "../support/servers.ts";
import { type SmtpSink, startSmtp } from "../support/smtp.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { assertArrived, untilAllSent } from "./mail-books.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const events = 60;
const kills = 4;
const width = 3;

describe(`A cluster whose mail nodes are killed while events come twice and in any order (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	let cluster: Cluster;
	let smtp: SmtpSink;
	let market: Market;

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		smtp = await startSmtp();
		cluster = await startCluster({
			nodes: [
				{ services: ["gateway", "auth", "chat", "notification", "orders", "payment"] },
				{ services: ["email"] },
				{ services: ["email"] },
			],
			env: {
				...{ SMTP_URL: `${smtp.url}?maxConnections=${width}`, MAIL_FROM: "Souk <no-reply@souk.example>" },
				...{ LOG_LEVEL: "error", LEASE_TIMEOUT_MS: "1000", ACK_WAIT_MS: "1000", RECONCILE_EVERY_MS: "200" },
			},
		});
		market = await openMarket(cluster.api);
		await untilAllSent(cluster.api, "welcome", 3); // the admin's, too
	});
	after(async () => {
		await cluster?.stop();
		await smtp?.stop();
	});

	const anEvent = (): DomainEvent<"order.placed"> => {
		const data = orderBetween(market.buyer.id, market.seller.id);
		const time = new Date().toISOString();
		return { specversion: "1.0", id: newId(), source: "/souk/tests", type: "order.placed", subject: data.orderId, time, data };
	};
	/** Three in ten come again, and none in its place. */
	const shuffled = (all: readonly DomainEvent[]): DomainEvent[] =>
		[...all, ...all.filter(() => random() < 0.3)]
			.map((event) => ({ event, place: random() }))
			.sort((a, b) => a.place - b.place)
			.map(({ event }) => event);

	/** Under message ids of their own: to the bus, an event that comes again is another message. */
	const publish = async (all: readonly DomainEvent[]): Promise<void> => {
		const nats = await connect({ servers: cluster.nats.url });
		const js = nats.jetstream();
		const names = namesOf("souk");
		await Promise.all(all.map((event, index) => js.publish(names.event(event.type), JSON.stringify(event), { msgID: `${index} ${event.id}` }))); // biome-ignore format: one line
		await nats.close();
	};

	it("sends one mail for each event, and none twice but those in flight at a kill", async () => {
		const all = Array.from({ length: events }, anEvent);
		await publish(shuffled(all));
		const nodes = cluster.withService("email");
		let coming: Promise<void> | undefined;
		for (let kill = 0; kill < kills; kill++) {
			await delay(random() * 500);
			await coming; // one of the two is there at any time
			const process = nodes[kill % nodes.length]?.process;
			await process?.kill("SIGKILL");
			coming = process?.start();
		}
		await coming;
		const mails = await untilAllSent(cluster.api, "purchase", events);
		assert.deepEqual(new Set(mails.map(({ eventId }) => eventId)), new Set(all.map(({ id }) => id)));
		const repeats = assertArrived(smtp, mails);
		assert.ok(repeats <= kills * width, `${repeats} mails arrived again`);
	});

	it("leaves a mail whose every try was answered at exactly one", async () => {
		const mails = await untilAllSent(cluster.api, "purchase", events);
		const answered = mails.filter(({ attempts }) => attempts.length === 1);
		assert.ok(answered.length > events / 2, `${answered.length}`);
		for (const { id } of answered) assert.equal(smtp.seen.of(`${id}@souk.example`), 1);
	});
});
