import assert from "node:assert/strict";
import type { HttpAnswer, HttpClient } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { stripeSecret, stripeSignature } from "../support/stripe-node.ts";
import { type StripeServer, stripeKey } from "../support/stripe-server.ts";
import { until } from "../support/until.ts";

/** Settings of a Souk that charges through that server. */
export const stripeSettings = ({ url }: StripeServer): Record<string, string> => ({
	STRIPE_SECRET_KEY: stripeKey,
	STRIPE_API_URL: url,
	WEBHOOK_SECRETS: stripeSecret,
	PUBLIC_URL: "https://souk.example",
	ANSWER_DEADLINE_MS: "500",
	RECONCILE_EVERY_MS: "200",
});

/** What Stripe does when it tells: the same bytes, signed, over HTTP. */
export const sendWebhook = (api: HttpClient, event: unknown, signature?: string): Promise<HttpAnswer> => {
	const body = JSON.stringify(event);
	const headers = { "content-type": "application/json", "stripe-signature": signature ?? stripeSignature(body) };
	return api.post("/v1/payments/webhooks/stripe", body, { headers });
};

/** What buyers, sellers and Stripe live through, over HTTP. */
export const stripeFlow = (api: () => HttpClient, stripe: () => StripeServer): void => {
	let market: Market;
	before(async () => {
		market = await openMarket(api());
	});
	afterEach(() => stripe().calm());

	const total = 2 * 9900;
	const books = () => stripe().books;
	const eventOf = (paymentId: string, type: string) =>
		books().events.findLast((event) => event.type === type && JSON.stringify(event).includes(paymentId));

	it("charges an order and calls it paid, with the order's id at Stripe", async () => {
		const placed = await market.place({ paymentMethod: "pm_card_visa" });
		const paid = await market.until(placed.id, "paid");
		const intent = books().intentOf(paid.payment.id);
		assert.deepEqual([intent.status, intent.amount, intent.currency], ["succeeded", total, "myr"]);
		assert.deepEqual(intent.metadata, { paymentId: paid.payment.id, orderId: placed.id });
		assert.deepEqual((await market.payment(paid.payment.id)).captured, paid.totals.total);
	});

	it("tells the buyer why a payment was declined, and takes another method", async () => {
		const placed = await market.place({ paymentMethod: "pm_card_visa_chargeDeclinedInsufficientFunds" });
		const declined = await market.until(placed.id, "payment_declined");
		assert.equal(declined.payment.declineCode, "insufficient_funds");
		assert.equal((await market.move(placed.id, "pay", { paymentMethod: "sandbox_success" })).status, 400);
		assert.equal((await market.move(placed.id, "pay", { paymentMethod: "pm_card_visa" })).status, 200);
		const paid = await market.until(placed.id, "paid");
		assert.notEqual(paid.payment.id, declined.payment.id);
		assert.deepEqual([books().takenFor(paid.payment.id), books().takenFor(declined.payment.id)], [total, 0]);
	});

	it("takes no method of the sandbox, and asks for one where none is named", async () => {
		for (const body of [{ paymentMethod: "sandbox_success" }, {}]) {
			const refusal = await market.tryPlace(body);
			assert.deepEqual([refusal.status, refusal.body.code], [400, "VALIDATION"]);
			assert.equal(refusal.body.errors[0].pointer, "/paymentMethod");
		}
	});

	it("tells older clients, which cannot name one, what is missing", async () => {
		const { status, body } = await api().post("/orders", { productId: market.productId }, { token: market.buyer.token });
		assert.deepEqual([status, body.ok, body.created], [400, false, null]);
		assert.match(body.payment, /^paymentMethod: /);
	});

	it("sends the buyer to their bank, and hears by webhook that they were there", async () => {
		const placed = await market.place({ paymentMethod: "pm_card_authenticationRequired" });
		const waiting = await market.untilOrder(placed.id, (order) => order.payment.status === "requires_action");
		const { nextAction } = await market.payment(waiting.payment.id);
		const { id } = books().intentOf(waiting.payment.id);
		assert.deepEqual(nextAction, { type: "redirect", url: `https://hooks.stripe.test/3d_secure/${id}` });
		books().authenticate(id, true);
		const event = eventOf(waiting.payment.id, "payment_intent.succeeded");
		const forged = await sendWebhook(api(), event, stripeSignature(JSON.stringify(event), "whsec_of_somebody_else"));
		assert.deepEqual([forged.status, forged.body.code], [400, "BAD_SIGNATURE"]);
		assert.equal((await market.order(placed.id)).payment.status, "requires_action");
		for (const _delivery of [1, 2]) assert.equal((await sendWebhook(api(), event)).status, 200);
		await market.until(placed.id, "paid");
	});

	it("lets the buyer say themselves that they were at their bank", async () => {
		const placed = await market.place({ paymentMethod: "pm_card_authenticationRequired" });
		const waiting = await market.untilOrder(placed.id, (order) => order.payment.status === "requires_action");
		books().authenticate(books().intentOf(waiting.payment.id).id, true);
		const confirmed = await api().post(`/v1/payments/${waiting.payment.id}/confirm`, {}, { token: market.buyer.token });
		assert.deepEqual([confirmed.status, confirmed.body.status], [200, "captured"]);
		await market.until(placed.id, "paid");
	});

	it("gives back in parts, and no more than was captured", async () => {
		const placed = await market.place({ paymentMethod: "pm_card_visa" });
		const { payment } = await market.until(placed.id, "paid");
		const refund = (amount: number) =>
			api().post(`/v1/payments/${payment.id}/refunds`, { amount }, { token: market.seller.token });
		assert.equal((await refund(5_000)).status, 201);
		assert.equal((await refund(total)).status, 409);
		assert.equal((await refund(total - 5_000)).status, 201);
		assert.equal((await market.untilPayment(payment.id, "refunded")).refunded.amount, total);
		assert.deepEqual(books().takenFor(payment.id), 0);
	});

	it("cancels a paid order and gives the money back", async () => {
		const placed = await market.place({ paymentMethod: "pm_card_visa" });
		const { payment } = await market.until(placed.id, "paid");
		await market.move(placed.id, "cancel", {});
		await market.untilPayment(payment.id, "refunded");
		assert.equal(books().takenFor(payment.id), 0);
	});

	for (const [name, answer, times] of [
		["is cut off", "drop", 2],
		["is a fault that Stripe repeats", 500, 1],
		["is that there were too many requests", 429, 1],
	] as const) {
		it(`charges once when Stripe's answer ${name}`, async () => {
			stripe().fault({ on: "POST /v1/payment_intents", done: answer !== 429, answer, times });
			const placed = await market.place({ paymentMethod: "pm_card_visa" });
			const { payment } = await market.until(placed.id, "paid");
			assert.equal(books().takenFor(payment.id), total);
			assert.equal(books().intentsOf(payment.id).length, 1);
		});
	}

	it("ends with nothing taken when the order is cancelled while Stripe is at it", async () => {
		stripe().fault({ on: "POST /v1/payment_intents", done: true, answer: "hold" });
		const placed = await market.place({ paymentMethod: "pm_card_visa" });
		await until(
			"the charge to be on its way",
			async () => books().intentsOf(placed.payment.id).length,
			(count) => count === 1,
		);
		await market.move(placed.id, "cancel", {});
		stripe().release();
		await market.untilPayment(placed.payment.id, "refunded");
		assert.deepEqual([books().takenFor(placed.payment.id), books().intentsOf(placed.payment.id).length], [0, 1]);
	});
};
