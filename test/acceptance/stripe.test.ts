import assert from "node:assert/strict";
import { stripeApiVersion } from "../../services/payment/stripe-client.ts";
import { openMarket } from "../support/market.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { type StripeServer, startStripe, stripeKey } from "../support/stripe-server.ts";
import { until } from "../support/until.ts";
import { stripeFlow, stripeSettings } from "./stripe-flow.suite.ts";

describe("Orders on Stripe over HTTP, everything in one process", () => {
	let souk: Souk;
	let stripe: StripeServer;
	before(async () => {
		stripe = await startStripe(stripeApiVersion);
		souk = await startSouk({ env: { ...stripeSettings(stripe), LOG_LEVEL: "debug" } });
	});
	after(async () => {
		await souk?.stop();
		await stripe?.stop();
	});

	stripeFlow(
		() => souk.api,
		() => stripe,
	);

	for (const method of ["pm_card_visa", "pm_card_visa_chargeDeclined"]) {
		it(`charges once by ${method} when it dies while Stripe is at it`, async () => {
			const market = await openMarket(souk.api);
			stripe.fault({ on: "POST /v1/payment_intents", done: true, answer: "hold" });
			const placed = await market.place({ paymentMethod: method });
			const intents = () => stripe.books.intentsOf(placed.payment.id);
			await until(
				"the charge to be on its way",
				async () => intents().length,
				(count) => count === 1,
			);
			await souk.kill();
			stripe.release();
			await souk.restart();
			const declined = method !== "pm_card_visa";
			await market.until(placed.id, declined ? "payment_declined" : "paid");
			assert.deepEqual([intents().length, stripe.books.takenFor(placed.payment.id)], [1, declined ? 0 : 19_800]);
		});
	}

	it("gives back once when it dies while Stripe is at it", async () => {
		const market = await openMarket(souk.api);
		const placed = await market.place({ paymentMethod: "pm_card_visa" });
		const { payment } = await market.until(placed.id, "paid");
		stripe.fault({ on: "POST /v1/refunds", done: true, answer: "hold" });
		const path = `/v1/payments/${payment.id}/refunds`;
		const options = { token: market.seller.token, headers: { "idempotency-key": "died-over-it" } };
		const lost = assert.rejects(souk.api.post(path, { amount: 5_000 }, options));
		await until(
			"the refund to be on its way",
			async () => stripe.books.takenFor(payment.id),
			(taken) => taken === 14_800,
		);
		await souk.kill();
		await lost;
		stripe.release();
		await souk.restart();
		await market.untilPayment(payment.id, "partially_refunded");
		const again = await souk.api.post(path, { amount: 5_000 }, options);
		assert.equal(again.status, 201, JSON.stringify(again.body));
		assert.equal(stripe.books.takenFor(payment.id), 14_800);
	});

	it("never says its keys, whatever went wrong", async () => {
		const market = await openMarket(souk.api);
		stripe.fault({ on: "POST /v1/payment_intents", done: false, answer: 401 });
		const placed = await market.place({ paymentMethod: "pm_card_visa" });
		await market.until(placed.id, "paid");
		assert.match(souk.logs, /Stripe refuses our key/);
		for (const secret of [stripeKey, stripeSettings(stripe).WEBHOOK_SECRETS ?? ""]) assert.ok(!souk.logs.includes(secret));
	});
});
