import type Stripe from "stripe";
import type { Outcome } from "./outcome.ts";
import type { NextAction } from "./payment.ts";
import type { RefundOutcome } from "./refunds.ts";

// What Stripe's words are in ours. https://docs.stripe.com/payments/paymentintents/lifecycle, https://docs.stripe.com/declines/codes

/** Those that buyers may read and do something about. All others are `card_declined`: Stripe asks not to tell a thief why. */
const declineCodes: Readonly<Record<string, string>> = {
	insufficient_funds: "insufficient_funds",
	expired_card: "expired_card",
	incorrect_cvc: "incorrect_cvc",
	invalid_cvc: "incorrect_cvc",
	incorrect_number: "incorrect_number",
	invalid_number: "incorrect_number",
	invalid_expiry_month: "expired_card",
	invalid_expiry_year: "expired_card",
	incorrect_zip: "incorrect_address",
	incorrect_address: "incorrect_address",
	card_velocity_exceeded: "limit_exceeded",
	withdrawal_count_limit_exceeded: "limit_exceeded",
	card_not_supported: "unsupported_method",
	currency_not_supported: "currency_not_supported",
	processing_error: "processing_error",
	try_again_later: "processing_error",
	authentication_required: "authentication_required",
	authentication_not_handled: "authentication_required",
	payment_intent_authentication_failure: "authentication_failed",
};

/** Of a request that Stripe refused before any bank was asked. */
const refusalCodes: Readonly<Record<string, string>> = {
	amount_too_small: "amount_too_small",
	amount_too_large: "amount_too_large",
	invalid_currency: "currency_not_supported",
	resource_missing: "unsupported_method",
	payment_method_unactivated: "unsupported_method",
	payment_method_currency_mismatch: "currency_not_supported",
	payment_method_not_available: "processing_error",
	payment_method_unexpected_state: "unsupported_method",
	payment_method_provider_timeout: "processing_error",
	payment_method_provider_decline: "card_declined",
	payment_method_customer_decline: "card_declined",
	payment_intent_invalid_parameter: "unsupported_method",
	payment_method_invalid_parameter: "unsupported_method",
};

/** @param detail the bank's reason, where Stripe names one @param code Stripe's own */
export const declineCodeOf = (code: string | undefined, detail?: string): string =>
	declineCodes[detail ?? ""] ?? declineCodes[code ?? ""] ?? "card_declined";

/** A method that this account cannot charge names itself as the wrong parameter. */
export const refusalCodeOf = (code: string | undefined, param: string | undefined): string => {
	if (param?.startsWith("payment_method")) return "unsupported_method";
	return refusalCodes[code ?? ""] ?? (param === "currency" ? "currency_not_supported" : "provider_refused");
};

/** Each kind of step keeps its address under a name of its own. */
const addressNames = ["url", "hosted_instructions_url", "hosted_voucher_url", "hosted_verification_url"] as const;

const nextActionOf = (action: Stripe.PaymentIntent["next_action"]): NextAction | null => {
	if (!action) return null;
	const details = (action as unknown as Record<string, unknown>)[action.type]; // the member that `type` names
	if (details === null || typeof details !== "object") return null;
	const members = details as Readonly<Record<string, unknown>>;
	const url = addressNames.map((name) => members[name]).find((value) => typeof value === "string");
	if (typeof url !== "string") return null;
	return { type: action.type === "redirect_to_url" ? "redirect" : action.type, url };
};

/** Null: it waits for a step of the buyer's for which there is no address to send them to. */
export const intentOutcome = (intent: Stripe.PaymentIntent): Outcome | null => {
	const ref = intent.id;
	switch (intent.status) {
		case "succeeded":
			return { status: "captured", ref };
		case "requires_capture":
			return { status: "authorized", ref };
		case "canceled":
			return { status: "voided", ref };
		case "requires_action": {
			const nextAction = nextActionOf(intent.next_action);
			return nextAction && { status: "requires_action", nextAction, ref };
		}
		case "requires_payment_method": {
			const error = intent.last_payment_error;
			// Without an error nothing was tried yet.
			return error
				? { status: "declined", declineCode: declineCodeOf(error.code, error.decline_code), ref }
				: { status: "processing", ref };
		}
		default:
			return { status: "processing", ref };
	}
};

export const refundOutcome = ({ status, failure_reason }: Stripe.Refund): RefundOutcome => {
	if (status === "succeeded") return { status };
	if (status === "failed" || status === "canceled") return { status: "failed", code: failure_reason ?? status };
	return { status: "pending" };
};
