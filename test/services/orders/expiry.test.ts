import assert from "node:assert/strict";
import { orderStatuses, paymentStatuses } from "../../../contracts/http/orders.ts";
import { awaitsPayment, decideExpiry, unknownOutcomes, unpaidStatuses } from "../../../services/orders/expiry.ts";
import { decideMove } from "../../../services/orders/moves.ts";
import { orderMachine } from "../../../services/orders/order-states.ts";
import { decidePayment } from "../../../services/orders/payment-news.ts";
import { anOrder, anOrderThatIs, withChange } from "../../support/an-order.ts";

const due = anOrder().expiresAt ?? Number.NaN;
const when = (now: number) => ({ now, at: new Date(now).toISOString() });

describe("the expiry of an order", () => {
	it("is from its time on, and not a moment before", () => {
		const order = anOrderThatIs("payment_declined", "declined");
		assert.equal(decideExpiry(order, when(due - 1)), null);
		const at = new Date(due).toISOString();
		const change = decideExpiry(order, when(due));
		const expired = withChange(order, change, at);
		assert.equal(expired.status, "expired");
		assert.deepEqual(expired.history.at(-1), { from: "payment_declined", to: "expired", event: "expire", by: "system", at });
		assert.deepEqual(
			change?.events?.map(({ type, subject }) => [type, subject]),
			[["order.expired", order._id]],
		);
		assert.equal("expiresAt" in expired || "answerDue" in expired, false);
		assert.equal(decideExpiry(expired, when(due + 1)), null);
	});

	for (const status of orderStatuses) {
		for (const payment of paymentStatuses) {
			const known = !unknownOutcomes.some((unknown) => unknown === payment);
			const ends = known && unpaidStatuses.some((unpaid) => unpaid === status);
			it(`${ends ? "ends" : "leaves"} an order that is ${status} with a payment that is ${payment}`, () => {
				const change = decideExpiry(anOrderThatIs(status, payment), when(due + 1));
				assert.equal(change?.set?.status ?? null, ends ? "expired" : null);
			});
		}
	}

	it("looks for orders in those states that the table lets expire", () => {
		const facts = { attempt: 1, total: { amount: 1, currency: "MYR" }, tracked: 0 };
		const expiring = orderStatuses.filter((status) => orderMachine.next(status, "expire", facts).ok);
		assert.deepEqual(expiring, [...unpaidStatuses]);
	});

	it("is called off by a payment and by a cancel, and neither by a decline nor by paying again", () => {
		const order = anOrder();
		const at = "2026-01-02T04:00:00.000Z";
		const news = { paymentId: order.payment.id, attempt: 1, amount: order.totals.total };
		const paid = withChange(order, decidePayment(order, { ...news, status: "captured" }, at).change, at);
		assert.equal("expiresAt" in paid, false);
		const declined = withChange(order, decidePayment(order, { ...news, status: "declined" }, at).change, at);
		assert.equal(declined.expiresAt, due);
		const moved = (action: "pay" | "cancel") => {
			const request = { key: action, hash: "h", named: true };
			const move = action === "pay" ? ({ action, paymentMethod: "sandbox_success" } as const) : ({ action } as const);
			const caller = { id: "bea", roles: ["buyer"] as const };
			const decision = decideMove(declined, { caller, request, move, at, answerDue: 1 });
			return withChange(declined, "change" in decision ? decision.change : null, at);
		};
		assert.equal(moved("pay").expiresAt, due);
		assert.equal("expiresAt" in moved("cancel"), false);
	});
});

describe("an order", () => {
	it("waits for its newest payment while it is unpaid and has time", () => {
		const order = anOrderThatIs("payment_declined", "declined");
		assert.equal(awaitsPayment(order, order.payment.id, due - 1), true);
		assert.equal(awaitsPayment(order, order.payment.id, due), false);
		assert.equal(awaitsPayment(order, "an older one", due - 1), false);
		assert.equal(awaitsPayment(anOrderThatIs("cancelled", "declined"), order.payment.id, due - 1), false);
		assert.equal(awaitsPayment(anOrderThatIs("paid", "captured"), order.payment.id, due - 1), false);
	});
});
