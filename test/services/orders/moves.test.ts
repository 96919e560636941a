import assert from "node:assert/strict";
import { DomainError, type ErrorCode, type ErrorExtras } from "../../../contracts/errors.ts";
import type { Move } from "../../../services/orders/move-effects.ts";
import { decideMove, type MoveRequest } from "../../../services/orders/moves.ts";
import { type Order, paymentIdOf } from "../../../services/orders/order.ts";
import { mostAttempts, mostTracked } from "../../../services/orders/order-states.ts";
import { orderView, viewAfterMove, viewAsPlaced } from "../../../services/orders/order-view.ts";
import { anOrder, anOrderThatIs, withChange } from "../../support/an-order.ts";

const later = "2026-01-02T03:05:00.000Z";
const buyer = { id: "bea", roles: ["buyer"] as const };
const seller = { id: "sal", roles: ["seller"] as const };
const admin = { id: "ada", roles: ["admin"] as const };
const stranger = { id: "eve", roles: ["buyer", "seller"] as const };

const asking = (move: Move, change: Partial<MoveRequest> = {}): MoveRequest => ({
	caller: buyer,
	request: { key: "key-1", hash: "hash-1", named: true },
	move,
	at: later,
	answerDue: 2_000,
	...change,
});
const cancel: Move = { action: "cancel", reason: "too late" };
const ship: Move = { action: "ship", carrier: "Pos", trackingNumber: "T1", estimatedDelivery: "2026-01-05" };
const track: Move = { action: "tracking", status: "in_transit", location: "Ipoh" };

const change = (order: Order, request: MoveRequest) => {
	const decision = decideMove(order, request);
	assert.ok("change" in decision);
	return decision.change;
};
const moved = (order: Order, request: MoveRequest): Order => withChange(order, change(order, request), request.at);
const refused = (order: Order | null, request: MoveRequest, code: ErrorCode): ErrorExtras => {
	try {
		decideMove(order, request);
	} catch (error) {
		assert.ok(error instanceof DomainError);
		assert.equal(error.code, code);
		return error.extras;
	}
	return assert.fail(`not refused with ${code}`);
};

describe("moves: what they write", () => {
	it("cancels with who and why, and stops waiting for the payment", () => {
		const cancelled = moved(anOrder(), asking(cancel));
		assert.equal(cancelled.status, "cancelled");
		assert.equal(cancelled.answerDue, undefined);
		assert.deepEqual(cancelled.history.at(-1), {
			from: "placed",
			to: "cancelled",
			event: "cancel",
			by: "bea",
			reason: "too late",
			at: later,
		});
		const [event] = change(anOrder(), asking(cancel)).events ?? [];
		assert.equal(event?.type, "order.cancelled");
		assert.equal(event?.type === "order.cancelled" && event.data.by, "bea");
		assert.equal(event?.type === "order.cancelled" && event.data.reason, "too late");
	});

	it("leaves no undefined member in what it writes", () => {
		const written = change(anOrder(), asking({ action: "cancel" }));
		assert.deepEqual(JSON.parse(JSON.stringify(written)), written);
	});

	it("pays again under the next attempt's own payment", () => {
		const declined = { ...anOrderThatIs("payment_declined", "declined"), answerTries: 3 };
		const request = asking({ action: "pay", paymentMethod: "sandbox_slow" });
		const again = moved(declined, request);
		const id = paymentIdOf("order-1", 2);
		assert.equal(again.status, "placed");
		assert.deepEqual(again.payment, { id, attempt: 2, status: "processing", method: "sandbox_slow" });
		assert.equal(again.answerDue, 2_000);
		assert.equal(again.answerTries, 0);
		const [event] = change(declined, request).events ?? [];
		assert.equal(event?.type, "order.payment_requested");
		assert.equal(event?.type === "order.payment_requested" && event.data.attempt, 2);
		assert.equal(event?.type === "order.payment_requested" && event.data.paymentId, id);
	});

	it("ships, tracks and delivers, each with its event", () => {
		const bySeller = (move: Move, key: string) => asking(move, { caller: seller, request: { key, hash: key, named: true } });
		const shipped = moved(anOrderThatIs("paid", "captured"), bySeller(ship, "a"));
		assert.deepEqual(shipped.shipment, { carrier: "Pos", trackingNumber: "T1" });
		assert.deepEqual(shipped.tracking, [{ status: "shipped", estimatedDelivery: "2026-01-05", at: later }]);
		const tracked = moved(shipped, bySeller(track, "b"));
		assert.deepEqual(tracked.tracking.at(-1), { status: "in_transit", location: "Ipoh", at: later });
		const delivered = moved(tracked, bySeller({ action: "deliver" }, "c"));
		assert.equal(delivered.status, "delivered");
		const event = change(tracked, bySeller({ action: "deliver" }, "c")).events?.[0];
		assert.equal(event?.type === "order.delivered" && event.data.trackingNumber, "T1");
		assert.deepEqual(
			delivered.history.map(({ event, by }) => `${event} by ${by}`),
			["place by bea", "ship by sal", "tracking by sal", "deliver by sal"],
		);
	});
});

describe("moves: a request that comes again", () => {
	it("is answered with what the first one answered, whatever happened since and before If-Match is looked at", () => {
		const paid = anOrderThatIs("paid", "captured");
		const request = asking(ship, { caller: seller, ifMatch: [1] });
		const shipped = moved(paid, request);
		const first = orderView(shipped, ["seller"]);
		const other = { key: "key-2", hash: "hash-2", named: true };
		const since = moved(shipped, asking(track, { caller: seller, request: other }));
		const decision = decideMove(since, request);
		assert.ok("replay" in decision);
		assert.deepEqual(viewAfterMove(since, decision.replay, ["seller"]), first);
	});

	it("shows no shipment in the answer to a move that came before it", () => {
		const declined = anOrderThatIs("payment_declined", "declined");
		const request = asking({ action: "pay", paymentMethod: "sandbox_success" });
		const again = moved(declined, request);
		const first = orderView(again, ["buyer"]);
		const shipped = moved(
			{ ...again, status: "paid" },
			asking(ship, { caller: seller, request: { key: "k", hash: "h", named: true } }),
		);
		const decision = decideMove(shipped, request);
		assert.ok("replay" in decision);
		assert.deepEqual(viewAfterMove(shipped, decision.replay, ["buyer"]), first);
	});

	it("is refused with another body", () => {
		const cancelled = moved(anOrder(), asking(cancel));
		const request = { key: "key-1", hash: "other", named: true };
		refused(cancelled, asking({ action: "cancel" }, { request }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("is told nothing of an order that is somebody else's", () => {
		refused(moved(anOrder(), asking(cancel)), asking(cancel, { caller: stranger }), "NOT_FOUND");
	});

	it("shows the order as it was placed", () => {
		const fresh = anOrder();
		const first = orderView(fresh, ["buyer"]);
		const again = moved(
			{ ...anOrderThatIs("payment_declined", "declined"), version: 2 },
			asking({ action: "pay", paymentMethod: "sandbox_slow" }),
		);
		assert.deepEqual(viewAsPlaced(again), first);
		assert.equal(first.version, 1);
		assert.equal(first.status, "placed");
	});
});

describe("moves: refusals", () => {
	it("are 404 for strangers and for what is not there", () => {
		refused(anOrder(), asking(cancel, { caller: stranger }), "NOT_FOUND");
		refused(null, asking(cancel), "NOT_FOUND");
	});

	it("are 403 for a party whose move it is not, admins among them", () => {
		refused(anOrderThatIs("paid"), asking(ship), "FORBIDDEN");
		refused(anOrderThatIs("payment_declined"), asking({ action: "pay", paymentMethod: "x" }, { caller: seller }), "FORBIDDEN");
		refused(anOrder(), asking(cancel, { caller: admin }), "FORBIDDEN");
	});

	it("are 412 when the version is another one, before the status is looked at", () => {
		refused(anOrderThatIs("delivered"), asking(cancel, { ifMatch: [2, 3] }), "VERSION_CONFLICT");
	});

	it("take any version for *, and one of several", () => {
		assert.equal(moved(anOrder(), asking(cancel, { ifMatch: "*" })).status, "cancelled");
		assert.equal(moved(anOrder(), asking(cancel, { ifMatch: [7, 1] })).status, "cancelled");
	});

	it("say from where, to where, and what this caller may do instead", () => {
		assert.deepEqual(refused(anOrderThatIs("paid"), asking(track, { caller: seller }), "TRANSITION_REFUSED"), {
			from: "paid",
			to: "shipped",
			allowed: ["cancel", "ship"],
		});
		assert.deepEqual(refused(anOrderThatIs("shipped"), asking(cancel), "TRANSITION_REFUSED"), {
			from: "shipped",
			to: "cancelled",
			allowed: [],
		});
	});
});

describe("moves: how often", () => {
	const again = (count: number) => ({ key: `key-${count}`, hash: "hash-1", named: true });
	const pay: Move = { action: "pay", paymentMethod: "sandbox_success" };

	it("takes updates of the tracking up to a bound, says so beyond it, and still takes the delivery", () => {
		let order = moved(anOrderThatIs("paid"), asking(ship, { caller: seller }));
		while (order.tracking.length < mostTracked) {
			order = moved(order, asking(track, { caller: seller, request: again(order.version) }));
		}
		const beyond = asking(track, { caller: seller, request: again(0) });
		assert.throws(() => decideMove(order, beyond), /takes 50 updates of its tracking/);
		assert.deepEqual(refused(order, beyond, "TRANSITION_REFUSED").allowed, ["deliver"]);
		assert.equal(moved(order, asking({ action: "deliver" }, { caller: seller, request: again(0) })).status, "delivered");
	});

	it("takes attempts to pay up to a bound, says so beyond it, and can still be cancelled", () => {
		const order = anOrderThatIs("payment_declined", "declined", mostAttempts);
		assert.throws(() => decideMove(order, asking(pay)), /takes 20 attempts to pay/);
		assert.deepEqual(refused(order, asking(pay), "TRANSITION_REFUSED").allowed, ["cancel"]);
		assert.equal(moved(order, asking(cancel)).status, "cancelled");
		const before = anOrderThatIs("payment_declined", "declined", mostAttempts - 1);
		assert.equal(moved(before, asking(pay)).payment.attempt, mostAttempts);
	});
});
