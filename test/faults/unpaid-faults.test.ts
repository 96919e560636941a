import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { type Market, openMarket, signInAgain } from "../support/market.ts";
import { seeded } from "../support/random.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { type TestClock, testClock } from "../support/test-clock.ts";
import { until } from "../support/until.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);
const hour = 3_600_000;
const count = 48;

describe(`One process that is killed while many orders fall due at once (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	let time: TestClock;
	let souk: Souk;
	let market: Market;
	const unpaid: { id: string; paymentId: string; declined: boolean }[] = [];

	before(async () => {
		time = await testClock();
		souk = await startSouk({
			env: { ...time.env, LOG_LEVEL: "error", LEASE_TIMEOUT_MS: "300", RECONCILE_EVERY_MS: "100", OUTBOX_GRACE_MS: "300" },
		});
		market = await openMarket(souk.api);
		const place = async (index: number): Promise<void> => {
			const declined = index % 2 === 0;
			const placed = await market.place({ paymentMethod: declined ? "sandbox_declined" : "sandbox_requires_action" });
			await market.untilOrder(placed.id, ({ payment }) => payment.status === (declined ? "declined" : "requires_action"));
			unpaid.push({ id: placed.id, paymentId: placed.payment.id, declined });
		};
		await Promise.all(Array.from({ length: count }, (_, index) => place(index)));
	});
	after(async () => {
		await souk?.stop();
		await time?.remove();
	});

	/** It dies before the time comes, and again at some moments after its next starts, while it works off what fell due. */
	const fallDueAndKill = async (ms: number): Promise<void> => {
		await souk.kill("SIGKILL");
		await time.advance(ms);
		for (let life = 0; life < 2; life++) {
			await souk.restart();
			await delay(random() * 500);
			await souk.kill("SIGKILL");
		}
		await souk.restart();
		await signInAgain(souk.api, market.buyer);
	};
	const payments = () => Promise.all(unpaid.map(({ paymentId }) => market.payment(paymentId)));

	it("reminds of each payment once: its version counts what was written about it", async () => {
		await fallDueAndKill(12 * hour);
		// Stored, answered by the provider, reminded of.
		await until("each to be reminded of", payments, (all) => all.every(({ version }) => version >= 3));
		for (const { version } of await payments()) assert.equal(version, 3);
	});

	it("expires each order once, and voids what the provider waits for", async () => {
		await fallDueAndKill(12 * hour);
		for (const { id, paymentId, declined } of unpaid) {
			await market.until(id, "expired");
			const { body } = await souk.api.get(`/v1/orders/${id}/history`, { token: market.buyer.token });
			assert.equal(body.items.filter(({ event }: { event: string }) => event === "expire").length, 1);
			await market.untilPayment(paymentId, declined ? "declined" : "voided");
		}
		// Closed, and, if the provider still waited, voided: no second reminder was written between.
		await until("the payments to be closed", payments, (all) =>
			all.every(({ version, status }) => version === (status === "voided" ? 5 : 4)),
		);
	});
});
