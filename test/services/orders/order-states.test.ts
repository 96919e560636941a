import assert from "node:assert/strict";
import { type OrderStatus, orderActions, orderStatuses } from "../../../contracts/http/orders.ts";
import {
	allowedActions,
	keepsMoney,
	mayMove,
	type OrderEvent,
	type OrderGuardFacts,
	orderEvents,
	orderMachine,
	type Party,
} from "../../../services/orders/order-states.ts";

const total = { amount: 100, currency: "MYR" };
const paying = (attempt: number, amount: number, currency = "MYR"): OrderGuardFacts => ({
	attempt: 2,
	total,
	tracked: 0,
	payment: { attempt, amount: { amount, currency } },
});

// Written out by hand, so that a slip in the table shows: every status with every event. Null: refused.
const expected: Record<OrderStatus, Record<OrderEvent, OrderStatus | null>> = {
	placed: row({ payment_captured: "paid", payment_declined: "payment_declined", cancel: "cancelled", expire: "expired" }),
	payment_declined: row({ pay: "placed", cancel: "cancelled", expire: "expired" }),
	paid: row({ ship: "shipped", cancel: "cancelled" }),
	shipped: row({ tracking: "shipped", deliver: "delivered" }),
	delivered: row({}),
	cancelled: row({}),
	expired: row({}),
};

function row(moves: Partial<Record<OrderEvent, OrderStatus>>): Record<OrderEvent, OrderStatus | null> {
	return Object.fromEntries(orderEvents.map((event) => [event, moves[event] ?? null])) as Record<OrderEvent, OrderStatus | null>;
}

describe("order states: every status with every event", () => {
	for (const status of orderStatuses) {
		for (const event of orderEvents) {
			const to = expected[status][event];
			it(`${status} + ${event} ${to ? `leads to ${to}` : "is refused"}`, () => {
				const step = orderMachine.next(status, event, paying(2, 100));
				assert.equal(step.ok ? step.to : null, to);
			});
		}
	}
});

describe("order states: guards", () => {
	const captured = (facts: OrderGuardFacts) => orderMachine.next("placed", "payment_captured", facts);

	it("takes more than the total", () => assert.deepEqual(captured(paying(2, 101)), { ok: true, to: "paid" }));
	it("calls an order whose payment is short declined", () =>
		assert.deepEqual(captured(paying(2, 99)), { ok: true, to: "payment_declined" }));
	it("does not mistake one currency for another", () =>
		assert.deepEqual(captured(paying(2, 100, "JPY")), { ok: true, to: "payment_declined" }));
	it("refuses the capture of an attempt that the order does not wait for", () => {
		for (const attempt of [1, 3]) assert.equal(captured(paying(attempt, 100)).ok, false);
	});
	it("refuses the decline of an attempt that the order does not wait for", () => {
		assert.equal(orderMachine.next("placed", "payment_declined", paying(1, 100)).ok, false);
	});
	it("keeps the money of an order exactly in the states that follow paid", () => {
		assert.deepEqual(orderStatuses.filter(keepsMoney), ["paid", "shipped", "delivered"]);
	});
});

describe("order states: who may do what", () => {
	const facts: OrderGuardFacts = { attempt: 1, total, tracked: 0 };
	const cases: readonly [Party, OrderStatus, readonly string[]][] = [
		["buyer", "placed", ["cancel"]],
		["buyer", "payment_declined", ["cancel", "pay"]],
		["buyer", "paid", ["cancel"]],
		["buyer", "shipped", []],
		["buyer", "delivered", []],
		["buyer", "cancelled", []],
		["buyer", "expired", []],
		["seller", "placed", ["cancel"]],
		["seller", "payment_declined", ["cancel"]],
		["seller", "paid", ["cancel", "ship"]],
		["seller", "shipped", ["tracking", "deliver"]],
		["seller", "delivered", []],
		["seller", "cancelled", []],
		["seller", "expired", []],
	];
	for (const [party, status, actions] of cases) {
		it(`a ${party} of an order that is ${status}: ${actions.join(", ") || "nothing"}`, () =>
			assert.deepEqual(allowedActions(status, facts, [party]), actions));
	}

	it("an admin sees and does nothing", () => {
		for (const status of orderStatuses) assert.deepEqual(allowedActions(status, facts, ["admin"]), []);
		for (const action of orderActions) assert.equal(mayMove(["admin"], action), false);
	});

	it("who is buyer and seller at once does what either may", () => {
		assert.deepEqual(allowedActions("payment_declined", facts, ["buyer", "seller"]), ["cancel", "pay"]);
	});
});
