import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { HttpClient } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";

/**
 * What a buyer and a seller live through, over HTTP. Run by embedded.test.ts and by cluster.cluster.test.ts: the same
 * sentences must hold in both profiles.
 */
export const orderFlow = (api: () => HttpClient): void => {
	let market: Market;
	before(async () => {
		market = await openMarket(api());
	});

	it("charges an order that was placed and calls it paid", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_success" });
		assert.equal(placed.status, "placed");
		assert.equal(placed.version, 1);
		const paid = await market.until(placed.id, "paid");
		assert.equal(paid.payment.status, "captured");
		assert.deepEqual(paid.totals.total, { amount: 2 * 9900, currency: "MYR" });
		const payment = await market.payment(paid.payment.id);
		assert.deepEqual(payment.captured, paid.totals.total);
		assert.equal(payment.refunded.amount, 0);
	});

	it("tells the buyer why a payment was declined, and takes another method", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_insufficient_funds" });
		const declined = await market.until(placed.id, "payment_declined");
		assert.equal(declined.payment.declineCode, "insufficient_funds");
		assert.deepEqual([...declined.allowed].sort(), ["cancel", "pay"]);
		const again = await market.move(placed.id, "pay", { paymentMethod: "sandbox_success" });
		assert.equal(again.status, 200);
		assert.equal(again.body.status, "placed");
		const paid = await market.until(placed.id, "paid");
		assert.notEqual(paid.payment.id, declined.payment.id);
		assert.equal((await market.payment(declined.payment.id)).captured.amount, 0);
	});

	it("declines product 2 and charges product 1 when no method is named", async () => {
		const one = await market.place({ items: [{ productId: "1", quantity: 1 }], paymentMethod: undefined });
		const two = await market.place({ items: [{ productId: "2", quantity: 1 }], paymentMethod: undefined });
		await market.until(one.id, "paid");
		await market.until(two.id, "payment_declined");
	});

	it("cancels a paid order and gives the money back", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_success" });
		await market.until(placed.id, "paid");
		const cancelled = await market.move(placed.id, "cancel", { reason: "changed my mind" });
		assert.equal(cancelled.body.status, "cancelled");
		const refunded = await market.untilPayment(cancelled.body.payment.id, "refunded");
		assert.deepEqual(refunded.refunded, refunded.captured);
		const order = await market.untilOrder(placed.id, (seen) => seen.payment.status === "refunded");
		assert.equal(order.status, "cancelled");
	});

	it("cancels a declined order", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_declined" });
		await market.until(placed.id, "payment_declined");
		const cancelled = await market.move(placed.id, "cancel", {});
		assert.equal(cancelled.status, 200);
		assert.equal(cancelled.body.status, "cancelled");
		assert.deepEqual(cancelled.body.allowed, []);
	});

	it("cancels an order whose payment waits for the buyer, and voids the payment", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_requires_action" });
		const waiting = await market.untilOrder(placed.id, (order) => order.payment.status === "requires_action");
		await market.move(placed.id, "cancel", {});
		const voided = await market.untilPayment(waiting.payment.id, "voided");
		assert.equal(voided.captured.amount, 0);
		const late = await api().post(`/v1/payments/${waiting.payment.id}/confirm`, {}, { token: market.buyer.token });
		assert.equal(late.status, 409);
		assert.equal(late.body.code, "TRANSITION_REFUSED");
	});

	it("cancels an order right after it was placed: whatever was taken goes back", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_success" });
		const cancelled = await market.move(placed.id, "cancel", {});
		assert.equal(cancelled.status, 200);
		const settled = await market.untilOrder(placed.id, (order) => ["voided", "refunded"].includes(order.payment.status));
		assert.equal(settled.status, "cancelled");
		const payment = await market.payment(settled.payment.id);
		assert.equal(payment.captured.amount, payment.refunded.amount);
	});

	it("finds the outcome of a charge whose answer was lost, and charges once", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_unknown_outcome" });
		const paid = await market.until(placed.id, "paid");
		const payment = await market.payment(paid.payment.id);
		assert.equal(payment.attempt, 1);
		assert.deepEqual(payment.captured, paid.totals.total);
	});

	it("cancels an order while nobody knows whether it was charged: the charge is found, and the money goes back", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_unknown_outcome" });
		const cancelled = await market.move(placed.id, "cancel", {});
		assert.equal(cancelled.status, 200);
		const settled = await market.untilOrder(placed.id, (order) => ["voided", "refunded"].includes(order.payment.status));
		assert.equal(settled.status, "cancelled");
		const payment = await market.payment(settled.payment.id);
		assert.equal(payment.captured.amount, payment.refunded.amount);
	});

	it("captures a payment that the buyer confirms", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_requires_action" });
		const waiting = await market.untilOrder(placed.id, (order) => order.payment.status === "requires_action");
		const confirmed = await api().post(`/v1/payments/${waiting.payment.id}/confirm`, {}, { token: market.buyer.token });
		assert.equal(confirmed.status, 200);
		assert.equal(confirmed.body.status, "captured");
		await market.until(placed.id, "paid");
	});

	it("refuses what the status does not allow, and says what it does allow", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_success" });
		await market.until(placed.id, "paid");
		const refused = await market.move(placed.id, "pay", { paymentMethod: "sandbox_success" });
		assert.equal(refused.status, 409);
		assert.equal(refused.body.code, "TRANSITION_REFUSED");
		assert.equal(refused.body.from, "paid");
		assert.deepEqual(refused.body.allowed, ["cancel"]);
	});

	it("ships, tracks and delivers, and keeps who did what and when", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_success" });
		await market.until(placed.id, "paid");
		const token = market.seller.token;
		await market.move(placed.id, "ship", { carrier: "Pos", trackingNumber: "T1" }, token);
		await market.move(placed.id, "tracking", { status: "in_transit", location: "Ipoh" }, token);
		const delivered = await market.move(placed.id, "deliver", {}, token);
		assert.equal(delivered.body.status, "delivered");
		const history = await api().get(`/v1/orders/${placed.id}/history`, { token });
		const steps = history.body.items.map((step: { to: string }) => step.to);
		assert.deepEqual(steps, ["placed", "paid", "shipped", "shipped", "delivered"]);
		assert.equal(history.body.items[2].by, market.seller.id);
		const refused = await market.move(placed.id, "cancel", {});
		assert.equal(refused.status, 409);
	});

	it("hides an order from everybody but its buyer, its seller and admins", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_success" });
		const stranger = await market.newcomer("buyer");
		for (const path of ["", "/status", "/history"]) {
			const answer = await api().get(`/v1/orders/${placed.id}${path}`, { token: stranger.token });
			assert.equal(answer.status, 404, path);
			assert.equal(answer.body.code, "NOT_FOUND");
		}
		assert.equal((await market.move(placed.id, "cancel", {}, stranger.token)).status, 404);
		assert.equal((await api().get(`/v1/payments/${placed.payment.id}`, { token: stranger.token })).status, 404);
		assert.equal((await api().get(`/v1/orders/${placed.id}`, { token: market.seller.token })).status, 200);
	});

	it("takes price, status and user from what it knows, never from the body", async () => {
		const placed = await market.place({
			items: [{ productId: market.productId, quantity: 2, unitPrice: { amount: 1, currency: "MYR" }, price: 1 }],
			status: "paid",
			userId: "somebody",
			buyerId: "somebody",
			totals: { total: { amount: 1, currency: "MYR" } },
		});
		assert.equal(placed.buyerId, market.buyer.id);
		assert.equal(placed.status, "placed");
		assert.deepEqual(placed.totals.total, { amount: 2 * 9900, currency: "MYR" });
	});

	it("makes one order of fifty requests at once with the same Idempotency-Key", async () => {
		const key = randomUUID();
		const answers = await Promise.all(Array.from({ length: 50 }, () => market.tryPlace({}, { "idempotency-key": key })));
		const made = answers.filter((answer) => answer.status === 201);
		assert.ok(made.length >= 1);
		assert.equal(new Set(made.map((answer) => JSON.stringify(answer.body))).size, 1);
		for (const answer of answers) {
			assert.ok(answer.status === 201 || answer.body.code === "REQUEST_IN_FLIGHT", JSON.stringify(answer.body));
		}
		const id = made[0]?.body.id;
		const again = await market.tryPlace({}, { "idempotency-key": key });
		assert.equal(again.headers.get("idempotency-replayed"), "true");
		assert.deepEqual(again.body, made[0]?.body);
		const list = await api().get("/v1/orders?limit=100", { token: market.buyer.token });
		assert.equal(list.body.items.filter((order: { id: string }) => order.id === id).length, 1);
	});

	it("refuses an Idempotency-Key that comes again with another body", async () => {
		const key = randomUUID();
		assert.equal((await market.tryPlace({}, { "idempotency-key": key })).status, 201);
		const other = await market.tryPlace({ items: [{ productId: "1", quantity: 3 }] }, { "idempotency-key": key });
		assert.equal(other.status, 422);
		assert.equal(other.body.code, "IDEMPOTENCY_KEY_REUSED");
	});

	it("repeats a move with its key instead of doing it twice, before it looks at If-Match", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_success" });
		const paid = await market.until(placed.id, "paid");
		const headers = { "idempotency-key": randomUUID(), "if-match": `"${paid.version}"` };
		const first = await market.move(placed.id, "cancel", {}, market.buyer.token, headers);
		assert.equal(first.status, 200);
		const second = await market.move(placed.id, "cancel", {}, market.buyer.token, headers);
		assert.equal(second.status, 200);
		assert.equal(second.headers.get("idempotency-replayed"), "true");
		assert.deepEqual(second.body, first.body);
		const stale = await market.move(placed.id, "cancel", {}, market.buyer.token, { "if-match": `"${paid.version}"` });
		assert.equal(stale.status, 412);
	});

	it("numbers orders without a gap while many come at once", async () => {
		const placed = await Promise.all(Array.from({ length: 20 }, () => market.place({})));
		const numbers = placed.map((order) => Number(order.code.slice(1))).sort((a, b) => a - b);
		assert.deepEqual(
			numbers,
			Array.from({ length: 20 }, (_, index) => (numbers[0] ?? 0) + index),
		);
	});

	it("refunds a part, then another, and never more than was captured", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_success" });
		const paid = await market.until(placed.id, "paid");
		const refund = (body: object, headers: Record<string, string> = {}) =>
			api().post(`/v1/payments/${paid.payment.id}/refunds`, body, { token: market.seller.token, headers });
		const key = { "idempotency-key": randomUUID() };
		assert.equal((await refund({ amount: 800 }, key)).status, 201);
		assert.equal((await refund({ amount: 800 }, key)).headers.get("idempotency-replayed"), "true");
		const part = await market.untilPayment(paid.payment.id, "partially_refunded");
		assert.equal(part.refunded.amount, 800);
		const tooMuch = await refund({ amount: 2 * 9900 });
		assert.ok([400, 409].includes(tooMuch.status), JSON.stringify(tooMuch.body));
		assert.equal((await refund({})).status, 201);
		const all = await market.untilPayment(paid.payment.id, "refunded");
		assert.equal(all.refunded.amount, 2 * 9900);
	});
};
