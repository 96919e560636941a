import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { decodeJwt } from "jose";
import type { DomainEvent } from "../../contracts/events.ts";
import { quickSettings } from "../support/both-buses.ts";
import { type EventNode, startEventNode } from "../support/event-node.ts";
import { type Market, openMarket, signInAgain } from "../support/market.ts";
import { seeded } from "../support/random.ts";
import { Seen } from "../support/seen.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { until } from "../support/until.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const hour = 3_600_000;
const day = 24 * hour;
const count = 72;

describe(`A cluster whose nodes are killed while many orders fall due at once (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	/** What was announced, each event once, however often it was delivered. */
	const seen = new Seen();
	let time: TestClock;
	let cluster: Cluster;
	let watcher: EventNode;
	let market: Market;
	const unpaid: { id: string; paymentId: string }[] = [];

	const watch = ({ type, subject, data }: DomainEvent): void => {
		seen.add("daysOverdue" in data ? `${type} ${subject} ${data.daysOverdue}` : `${type} ${subject}`);
	};
	const reminder = (overdue: number) => unpaid.map(({ paymentId }) => `payment.reminder_due ${paymentId} ${overdue}`);
	const named = (start: string): string[] => seen.names.filter((name) => name.startsWith(start));

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		time = await testClock();
		const both = { services: ["orders", "payment"] };
		cluster = await startCluster({
			nodes: [{ services: ["gateway", "auth", "chat", "notification", "email"] }, both, both, both],
			env: {
				...{ ...time.env, LOG_LEVEL: "error", LEASE_TIMEOUT_MS: "1000", ACK_WAIT_MS: "1000" },
				...{ OUTBOX_GRACE_MS: "300", OUTBOX_SWEEP_MS: "200", RECONCILE_EVERY_MS: "200" },
				...{ PAYMENT_DUE_AFTER: "12h", ORDER_EXPIRES_AFTER: "60h" },
			},
		});
		watcher = await startEventNode(
			{
				profile: { kind: "mongo", url: cluster.mongod.url, dbName: "watcher", outboxGrace: 200 },
				settings: { ...quickSettings, transporter: cluster.nats.url, keyPrefix: "souk" },
			},
			[{ name: "watcher", types: ["payment.reminder_due", "order.expired"], handler: watch }],
			{ writes: false },
		);
		market = await openMarket(cluster.api);
		const place = async (index: number): Promise<void> => {
			const declined = index % 2 === 0;
			const placed = await market.place({ paymentMethod: declined ? "sandbox_declined" : "sandbox_requires_action" });
			await market.untilOrder(placed.id, ({ payment }) => payment.status === (declined ? "declined" : "requires_action"));
			unpaid.push({ id: placed.id, paymentId: placed.payment.id });
		};
		for (let first = 0; first < count; first += 12)
			await Promise.all(Array.from({ length: 12 }, (_, index) => place(first + index)));
	});

	after(async () => {
		await watcher?.stop();
		await cluster?.stop();
		await time?.remove();
	});

	/** The time jumps, and each of the nodes dies at some moment after it: those among them that hold a lease, too. */
	const jumpAndKill = async (ms: number): Promise<void> => {
		await time.advance(ms);
		const lives: Promise<void>[] = [];
		for (const { process } of cluster.withService("payment")) {
			await delay(random() * 400);
			await process.kill("SIGKILL");
			lives.push(process.start());
		}
		await Promise.all(lives);
	};

	it("reminds of each payment once when it is due, and once on the next day", async () => {
		for (const [ms, overdue] of [
			[12 * hour, 0],
			[day, 1],
		] as const) {
			await jumpAndKill(ms);
			await seen.all(reminder(overdue));
		}
	});

	it("expires each order once and voids what the provider waits for, and reminds nobody after that", async () => {
		await jumpAndKill(day); // the third reminder would be due at that moment, too
		await seen.all(unpaid.map(({ id }) => `order.expired ${id}`));
		await time.advance(day);
		await until(
			"the time to have passed at the gateway",
			() => signInAgain(cluster.api, market.buyer),
			() => (decodeJwt(market.buyer.token).iat ?? 0) * 1_000 > time.now - hour,
		);
		const payments = () => Promise.all(unpaid.map(({ paymentId }) => market.payment(paymentId)));
		await until("the payments to be closed", payments, (all) =>
			all.every(({ status }) => status === "voided" || status === "declined"),
		);
		for (const { id } of unpaid) assert.equal((await market.order(id)).status, "expired");
	});

	it("announced nothing twice, and nothing else", () => {
		const expected = [...reminder(0), ...reminder(1), ...unpaid.map(({ id }) => `order.expired ${id}`)];
		assert.deepEqual(
			seen.names.filter((name) => seen.of(name) !== 1),
			[],
		);
		assert.equal(named("order.expired").length, count);
		assert.deepEqual(seen.names.toSorted(), expected.toSorted());
	});
});
