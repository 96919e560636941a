import assert from "node:assert/strict";
import { sign } from "../../services/payment/webhook-signature.ts";
import type { HttpClient } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { testSettings } from "../support/settings.ts";

/** How long these orders live. */
export const unpaidEnv = { ORDER_EXPIRES_AFTER: "2s" } as const;

/** What becomes of orders that nobody pays for, over HTTP alone. */
export const unpaidOrders = (api: () => HttpClient): void => {
	let market: Market;
	before(async () => {
		market = await openMarket(api());
	});

	const events = async (id: string): Promise<string[]> => {
		const { body } = await api().get(`/v1/orders/${id}/history`, { token: market.buyer.token });
		return body.items.map(({ event, by }: { event: string; by: string }) => (by === "system" ? `${event} by system` : event));
	};
	const tell = (id: string, type: string, paymentId: string) => {
		const body = JSON.stringify({ id, type, data: { paymentId } });
		const signature = sign(testSettings.WEBHOOK_SECRETS ?? "", body, Date.now());
		const headers = { "content-type": "application/json", "souk-signature": signature };
		return api().post("/v1/payments/webhooks/sandbox", body, { headers });
	};

	it("expires an order whose payment was declined, and takes no other payment then", async () => {
		const { id } = await market.place({ paymentMethod: "sandbox_declined" });
		const expired = await market.until(id, "expired");
		assert.deepEqual(expired.allowed, []);
		assert.deepEqual(await events(id), ["place", "payment_declined", "expire by system"]);
		const refused = await market.move(id, "pay", { paymentMethod: "sandbox_success" });
		assert.deepEqual([refused.status, refused.body.code, refused.body.from], [409, "TRANSITION_REFUSED", "expired"]);
	});

	it("expires an order whose buyer never confirmed, and voids the payment", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_requires_action" });
		await market.until(placed.id, "expired");
		await market.untilPayment(placed.payment.id, "voided");
		const late = await api().post(`/v1/payments/${placed.payment.id}/confirm`, {}, { token: market.buyer.token });
		assert.deepEqual([late.status, late.body.code], [409, "TRANSITION_REFUSED"]);
	});

	it("gives back what is captured after the order expired", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_declined" });
		await market.until(placed.id, "expired");
		const told = await tell(`late-${placed.id}`, "payment.captured", placed.payment.id);
		assert.equal(told.status, 200, told.text);
		const payment = await market.untilPayment(placed.payment.id, "refunded");
		assert.deepEqual([payment.captured, payment.refunded], [payment.amount, payment.amount]);
		assert.equal((await market.order(placed.id)).status, "expired");
	});

	it("does not expire an order while nobody knows whether it was paid: it turns out to be", async () => {
		const { id } = await market.place({ paymentMethod: "sandbox_unknown_outcome" });
		await market.until(id, "paid");
		assert.deepEqual(await events(id), ["place", "payment_captured"]);
	});

	it("leaves an order alone that is paid, and one that was cancelled", async () => {
		const [paid, cancelled, last] = [await market.place({}), await market.place({}), { paymentMethod: "sandbox_declined" }];
		await market.until(paid.id, "paid");
		await market.move(cancelled.id, "cancel", {});
		// It was placed after them, so their time is over when its is.
		await market.until((await market.place(last)).id, "expired");
		assert.equal((await market.order(paid.id)).status, "paid");
		assert.equal((await market.order(cancelled.id)).status, "cancelled");
	});
};
