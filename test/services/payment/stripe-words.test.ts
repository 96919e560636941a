import assert from "node:assert/strict";
import type Stripe from "stripe";
import { stripeAmount } from "../../../services/payment/stripe-amount.ts";
import { declineCodeOf, intentOutcome, refundOutcome, refusalCodeOf } from "../../../services/payment/stripe-outcome.ts";

const anIntent = (change: object): Stripe.PaymentIntent =>
	({ id: "pi_1", next_action: null, last_payment_error: null, ...change }) as unknown as Stripe.PaymentIntent;
const aRefund = (change: object): Stripe.Refund => ({ id: "re_1", ...change }) as unknown as Stripe.Refund;

describe("amounts at Stripe", () => {
	const cases: [amount: number, currency: string, expected: number | null, why: string][] = [
		[19_800, "MYR", 19_800, "are minor units as ours are"],
		[500, "JPY", 500, "of currencies without decimals are whole"],
		[500, "KRW", 500, "of currencies without decimals are whole"],
		[5, "ISK", 500, "keep two decimals for the króna"],
		[1_000, "UGX", 100_000, "keep two decimals for the Ugandan shilling"],
		[300, "MGA", 3, "are whole ariary"],
		[310, "MGA", null, "cannot be parts of an ariary"],
		[12_340, "KWD", 12_340, "of three decimals end in 0"],
		[12_345, "KWD", null, "of three decimals that do not end in 0 cannot be charged"],
		[Number.MAX_SAFE_INTEGER, "ISK", null, "are numbers that can be counted"],
	];
	for (const [amount, currency, expected, why] of cases)
		it(`${why}: ${amount} ${currency}`, () => assert.equal(stripeAmount({ amount, currency }), expected));
});

describe("what an intent of Stripe's means", () => {
	const meanings: [object, object | null][] = [
		[{ status: "succeeded" }, { status: "captured", ref: "pi_1" }],
		[{ status: "requires_capture" }, { status: "authorized", ref: "pi_1" }],
		[{ status: "canceled" }, { status: "voided", ref: "pi_1" }],
		[{ status: "processing" }, { status: "processing", ref: "pi_1" }],
		[{ status: "requires_payment_method" }, { status: "processing", ref: "pi_1" }],
		[{ status: "something_new" }, { status: "processing", ref: "pi_1" }],
		[
			{ status: "requires_payment_method", last_payment_error: { code: "card_declined", decline_code: "insufficient_funds" } },
			{ status: "declined", declineCode: "insufficient_funds", ref: "pi_1" },
		],
		[
			{ status: "requires_action", next_action: { type: "redirect_to_url", redirect_to_url: { url: "https://bank" } } },
			{ status: "requires_action", nextAction: { type: "redirect", url: "https://bank" }, ref: "pi_1" },
		],
		[
			{
				status: "requires_action",
				next_action: { type: "oxxo_display_details", oxxo_display_details: { hosted_voucher_url: "https://voucher" } },
			},
			{ status: "requires_action", nextAction: { type: "oxxo_display_details", url: "https://voucher" }, ref: "pi_1" },
		],
		[{ status: "requires_action", next_action: { type: "use_stripe_sdk", use_stripe_sdk: {} } }, null],
		[{ status: "requires_action" }, null],
	];
	for (const [change, outcome] of meanings)
		it(JSON.stringify(change), () => assert.deepEqual(intentOutcome(anIntent(change)), outcome));
});

describe("why Stripe says no", () => {
	it("is told to buyers where they can do something about it", () => {
		assert.equal(declineCodeOf("card_declined", "insufficient_funds"), "insufficient_funds");
		assert.equal(declineCodeOf("expired_card"), "expired_card");
		assert.equal(declineCodeOf("payment_intent_authentication_failure"), "authentication_failed");
	});

	it("is not told to somebody who may have stolen the card", () => {
		for (const code of ["stolen_card", "lost_card", "fraudulent", "merchant_blacklist", "pickup_card", "some_new_code"])
			assert.equal(declineCodeOf("card_declined", code), "card_declined", code);
		assert.equal(declineCodeOf(undefined), "card_declined");
	});

	it("names what was wrong with the request", () => {
		assert.equal(refusalCodeOf("resource_missing", "payment_method"), "unsupported_method");
		assert.equal(refusalCodeOf("amount_too_small", "amount"), "amount_too_small");
		assert.equal(refusalCodeOf(undefined, "currency"), "currency_not_supported");
		assert.equal(refusalCodeOf("some_new_code", undefined), "provider_refused");
	});

	it("of a refund is kept", () => {
		assert.deepEqual(refundOutcome(aRefund({ status: "succeeded" })), { status: "succeeded" });
		assert.deepEqual(refundOutcome(aRefund({ status: "pending" })), { status: "pending" });
		assert.deepEqual(refundOutcome(aRefund({ status: "requires_action" })), { status: "pending" });
		assert.deepEqual(refundOutcome(aRefund({ status: "failed", failure_reason: "expired_or_canceled_card" })), {
			...{ status: "failed", code: "expired_or_canceled_card" },
		});
		assert.deepEqual(refundOutcome(aRefund({ status: "canceled" })), { status: "failed", code: "canceled" });
	});
});
