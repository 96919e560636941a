import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { httpClient } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { seeded } from "../support/random.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { until } from "../support/until.ts";
import { assertAllEnded, placeMany } from "./order-load.ts";

const seed = Number(process.env.SOUK_TEST_SEED ?? 20_260);

describe(`One process that is killed while orders flow (seed ${seed})`, function () {
	this.timeout(120_000);
	const random = seeded(seed);
	let souk: Souk;
	let market: Market;

	before(async () => {
		souk = await startSouk({ env: { LOG_LEVEL: "error" } });
		market = await openMarket(httpClient(souk.url));
	});
	after(() => souk?.stop());

	it("loses nothing that it acknowledged, and settles within 15 s of its last start", async () => {
		let done = false;
		const placing = placeMany(market, 200, 8, "embedded").finally(() => {
			done = true;
		});
		for (let kills = 0; !done || kills === 0; kills++) {
			await Promise.race([delay(200 + random() * 800), placing]);
			if (done && kills > 0) break;
			await souk.kill("SIGKILL");
			await souk.restart();
		}
		const orders = await placing;
		assert.equal(orders.length, 200);
		await assertAllEnded(market, orders);
		for (const { paymentId, method } of orders) {
			const payment = await market.payment(paymentId);
			assert.equal(payment.captured.amount, method === "sandbox_declined" ? 0 : payment.amount.amount, paymentId);
			assert.equal(payment.refunded.amount, 0, paymentId);
		}
	});

	it("delivers all events in the end: nothing waits, nothing is dead", async () => {
		await until(
			"the consumer groups to have nothing to do",
			async () => (await souk.api.get("/health")).body,
			(health) =>
				health.consumers.length > 0 &&
				health.consumers.every((group: { lag: number; inFlight: number }) => group.lag + group.inFlight === 0),
		);
	});
});
