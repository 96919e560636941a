import type { PaymentStatus } from "../../contracts/http/orders.ts";
import type { Outcome } from "../../services/payment/outcome.ts";
import { type Decision, type Moment, newPayment, type Payment } from "../../services/payment/payment.ts";

export const total = 19_800;
export const aMoment: Moment = { at: Date.parse("2026-01-02T03:04:05.000Z"), deadline: 5_000 };
export const nextAction = { type: "redirect", url: "https://provider.example/confirm" };

/** A payment of 198.00 MYR that was just stored and not charged yet; `change` moves it where a test wants it. */
export const aPayment = (change: Partial<Payment> = {}): Payment => {
	const wanted = { orderId: "order-1", attempt: 1, buyerId: "bea", sellerId: "sal", method: "sandbox_success" };
	const amount = { amount: total, currency: "MYR" };
	const draft = newPayment({ ...wanted, amount, provider: "sandbox" }, aMoment);
	return { ...draft, version: 1, updatedAt: draft.createdAt, ...change };
};

/** Its money agrees with its status. */
export const aPaymentThatIs = (status: PaymentStatus, change: Partial<Payment> = {}): Payment => {
	const { answerDue, ...rest } = aPayment();
	const open = status === "processing" || status === "requires_action" || status === "authorized";
	const holds = status === "captured" || status === "partially_refunded" || status === "refunded";
	const gone = status === "refunded" ? total : status === "partially_refunded" ? 5_000 : 0;
	const { createdAt: at } = rest;
	return {
		...rest,
		status,
		captured: holds ? total : 0,
		refunded: gone,
		refunds: gone > 0 ? [{ id: "r0", amount: gone, status: "succeeded", at, by: "sal" }] : [],
		...(status === "declined" && { declineCode: "card_declined" }),
		...(status === "requires_action" && { nextAction }),
		...(open && { answerDue }),
		...change,
	};
};

/** What a provider says when it says that. */
export const said = (status: Outcome["status"]): Outcome => {
	if (status === "requires_action") return { status, nextAction };
	return status === "declined" ? { status, declineCode: "stolen_card" } : { status };
};

/** What the store does with a decision, for tests of decisions alone. */
export const written = (payment: Payment, decision: Decision | null): Payment =>
	decision ? { ...decision.payment, version: payment.version + 1 } : payment;
