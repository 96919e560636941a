import assert from "node:assert/strict";
import type { Role } from "../../../contracts/call.ts";
import { DomainError, type ErrorCode } from "../../../contracts/errors.ts";
import { paymentStatuses } from "../../../contracts/http/orders.ts";
import { dueWork } from "../../../services/payment/due.ts";
import {
	allowedMoves,
	decideConfirm,
	decideRefund,
	type MoveRequest,
	mostConfirmations,
	mostRefunds,
	type RefundRequest,
	refundIdOf,
} from "../../../services/payment/moves.ts";
import { decideOutcome } from "../../../services/payment/outcome.ts";
import type { Payment } from "../../../services/payment/payment.ts";
import { paymentView, viewAsAnswered } from "../../../services/payment/payment-view.ts";
import { decideRefundOutcome } from "../../../services/payment/refunds.ts";
import { decideAnswer, withAnswer } from "../../../services/payment/requests.ts";
import { aMoment, aPaymentThatIs, said, total, written } from "../../support/a-payment.ts";

const as = (id: string, roles: readonly Role[] = []): Pick<MoveRequest, "caller"> => ({ caller: { id, roles } });
const input = (change: Partial<RefundRequest> = {}): RefundRequest => ({
	...as("sal"),
	request: { key: "k1", hash: "h1", named: true },
	moment: aMoment,
	...change,
});
const refusal = (work: () => unknown, code: ErrorCode): DomainError => {
	try {
		work();
	} catch (error) {
		assert.ok(error instanceof DomainError, String(error));
		assert.equal(error.code, code);
		return error;
	}
	return assert.fail(`taken instead of refused with ${code}`);
};

describe("payment: a refund that somebody asks for", () => {
	const captured = aPaymentThatIs("captured");

	it("is promised first, under an id that its request fixes", () => {
		const decision = decideRefund(captured, input({ amount: 800, reason: "broken" }));
		const [refund] = decision?.payment.refunds ?? [];
		const id = refundIdOf(captured._id, "k1");
		assert.deepEqual(refund, {
			...{ id, amount: 800, reason: "broken", status: "pending", at: "2026-01-02T03:04:05.000Z", by: "sal" },
		});
		assert.equal(decision?.payment.answerDue, aMoment.at + aMoment.deadline);
		assert.equal(decision?.payment.refunded, 0);
	});

	it("is all that is left when no amount is named", () => {
		const partly = aPaymentThatIs("partially_refunded");
		assert.equal(decideRefund(partly, input())?.payment.refunds.at(-1)?.amount, total - 5_000);
	});

	it("is refused when it is more than is left, promises counted", () => {
		const first = written(captured, decideRefund(captured, input({ amount: total - 100 })));
		const second = input({ amount: 101, request: { key: "k2", hash: "h2", named: true } });
		const { extras } = refusal(() => decideRefund(first, second), "TRANSITION_REFUSED");
		assert.deepEqual(extras.allowed, ["refund"]);
		assert.equal(extras.errors?.[0]?.pointer, "/amount");
	});

	for (const status of paymentStatuses) {
		const allowed = status === "captured" || status === "partially_refunded";
		it(`is ${allowed ? "taken" : "refused"} when the payment is ${status}`, () => {
			const work = () => decideRefund(aPaymentThatIs(status), input());
			if (allowed) assert.ok(work());
			else assert.equal(refusal(work, "TRANSITION_REFUSED").extras.from, status);
		});
	}

	it("is the seller's or an admin's to give", () => {
		assert.ok(decideRefund(captured, input(as("ada", ["admin"]))));
		refusal(() => decideRefund(captured, input(as("bea", ["seller"]))), "FORBIDDEN");
		refusal(() => decideRefund(captured, input(as("eve", ["seller"]))), "NOT_FOUND");
	});

	it("is refused to those who have not seen the latest version", () => {
		refusal(() => decideRefund(captured, input({ ifMatch: [7] })), "VERSION_CONFLICT");
		assert.ok(decideRefund(captured, input({ ifMatch: [7, 1] })));
	});

	it("is promised once, whatever became of the payment since and whatever If-Match says", () => {
		const once = written(captured, decideRefund(captured, input()));
		assert.equal(decideRefund({ ...once, status: "refunded" }, input({ ifMatch: [99] })), null);
	});

	it("cannot share its key with another body or another move", () => {
		const once = written(captured, decideRefund(captured, input()));
		const other = { request: { key: "k1", hash: "h2", named: true } };
		refusal(() => decideRefund(once, input(other)), "IDEMPOTENCY_KEY_REUSED");
		refusal(() => decideConfirm({ ...once, buyerId: "sal" }, input()), "IDEMPOTENCY_KEY_REUSED");
	});
});

describe("payment: a confirmation", () => {
	const waiting = aPaymentThatIs("requires_action");

	it("is noted before the provider is asked, and looked after soon", () => {
		const decision = decideConfirm(waiting, input(as("bea")));
		assert.equal(decision?.payment.requests[0]?.action, "confirm");
		assert.equal(decision?.payment.answerDue, aMoment.at + aMoment.deadline);
		assert.equal(decision?.payment.status, "requires_action");
	});

	for (const status of paymentStatuses.filter((one) => one !== "requires_action")) {
		it(`is refused when the payment is ${status}`, () => {
			const { extras } = refusal(() => decideConfirm(aPaymentThatIs(status), input(as("bea"))), "TRANSITION_REFUSED");
			assert.equal(extras.from, status);
			assert.ok(!extras.allowed?.includes("confirm"));
		});
	}

	it("is refused once the order has ended", () => {
		const closing = { reason: "order_cancelled", by: "bea", at: "" };
		refusal(() => decideConfirm({ ...waiting, closing }, input(as("bea"))), "TRANSITION_REFUSED");
		assert.deepEqual(dueWork({ ...waiting, closing }), { kind: "void" });
	});

	it("is the buyer's alone", () => {
		refusal(() => decideConfirm(waiting, input(as("sal", ["seller"]))), "FORBIDDEN");
		refusal(() => decideConfirm(waiting, input(as("ada", ["admin"]))), "FORBIDDEN");
		refusal(() => decideConfirm(waiting, input(as("eve"))), "NOT_FOUND");
	});
});

describe("payment: the answer to a request", () => {
	const confirmed = (): Payment => {
		const asked = written(aPaymentThatIs("requires_action"), decideConfirm(aPaymentThatIs("requires_action"), input(as("bea"))));
		const outcome = decideOutcome(asked, said("captured"), aMoment);
		return written(asked, outcome && withAnswer(outcome, "k1"));
	};
	const answerOf = (payment: Payment, key = "k1") => {
		const result = payment.requests.find((record) => record.key === key)?.result;
		return result ? viewAsAnswered(payment, result) : assert.fail("there is no answer");
	};

	it("is the payment as it is once the provider has said", () => {
		const payment = confirmed();
		assert.deepEqual(answerOf(payment), paymentView(payment));
	});

	it("stays what it was, whatever happens to the payment since", () => {
		const payment = confirmed();
		const first = answerOf(payment);
		const later = input({ amount: 800, request: { key: "k2", hash: "h2", named: true } });
		const promised = written(payment, decideRefund(payment, later));
		const back = decideRefundOutcome(promised, refundIdOf(payment._id, "k2"), { status: "succeeded" }, aMoment);
		const now = written(promised, back && withAnswer(back, "k1"));
		assert.equal(now.refunded, 800);
		assert.deepEqual(answerOf(now), first);
		assert.equal(decideAnswer(now, "k1"), null);
	});

	it("shows a refund as pending if that is what was answered", () => {
		const captured = aPaymentThatIs("captured");
		const promised = written(captured, decideRefund(captured, input({ amount: 800 })));
		const answered = written(promised, decideAnswer(promised, "k1"));
		const back = decideRefundOutcome(answered, refundIdOf(captured._id, "k1"), { status: "succeeded" }, aMoment);
		const now = written(answered, back);
		assert.equal(paymentView(now).refunds[0]?.status, "succeeded");
		assert.equal(answerOf(now).refunds[0]?.status, "pending");
		assert.equal(answerOf(now).version, answered.version);
	});
});

describe("payment: how often", () => {
	const at = (count: number) => ({ key: `key-${count}`, hash: "h1", named: true });

	it("takes refunds up to a bound, whatever became of them, and says so beyond it", () => {
		const refunds = Array.from({ length: mostRefunds }, (_, index) => ({
			...{ id: `r${index}`, amount: 1, status: "failed", at: "2026-01-02T03:04:05.000Z", by: "sal" },
		})) as Payment["refunds"];
		const full = aPaymentThatIs("captured", { refunds });
		assert.match(refusal(() => decideRefund(full, input()), "TRANSITION_REFUSED").message, /takes 100 refunds/);
		assert.deepEqual(allowedMoves(full), []);
		const last = aPaymentThatIs("captured", { refunds: refunds.slice(1) });
		assert.equal(decideRefund(last, input())?.payment.refunds.length, mostRefunds);
	});

	it("takes confirmations up to a bound, and says so beyond it", () => {
		let payment = aPaymentThatIs("requires_action");
		for (let count = 0; count < mostConfirmations; count++) {
			payment = written(payment, decideConfirm(payment, { ...input(as("bea")), request: at(count) }));
		}
		const beyond = { ...input(as("bea")), request: at(mostConfirmations) };
		assert.match(refusal(() => decideConfirm(payment, beyond), "TRANSITION_REFUSED").message, /takes 100 confirmations/);
		assert.equal(decideConfirm(payment, { ...beyond, request: at(0) }), null);
		assert.deepEqual(allowedMoves(payment), []);
	});
});
