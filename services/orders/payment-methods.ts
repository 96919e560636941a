import { DomainError } from "../../contracts/errors.ts";
import { paymentMethods } from "../../contracts/http/orders.ts";
import { declinedProductId } from "./catalogue.ts";

const sandboxMethods: ReadonlySet<string> = new Set(paymentMethods);

/** Which methods there are depends on who charges. */
export type ChargedBy = "sandbox" | "stripe";

const rules = {
	sandbox: { knows: (method: string) => sandboxMethods.has(method), detail: `must be one of ${paymentMethods.join(", ")}` },
	// Which of them exist, and whose they are, is for Stripe to say.
	stripe: { knows: (method: string) => /^pm_\w+$/.test(method), detail: "must be the id of a payment method at Stripe, pm_…" },
} as const;

/** Throws VALIDATION for a method that no provider of ours knows: it would only be declined later, out of the caller's sight. */
export const checkPaymentMethod = (method: string, by: ChargedBy): string => {
	const { knows, detail } = rules[by];
	if (knows(method)) return method;
	throw new DomainError("VALIDATION", "the payment method is not known", { errors: [{ pointer: "/paymentMethod", detail }] });
};

/**
 * What an order without a method is paid with: product "2" of the demo seller is there to show a decline. Throws VALIDATION where
 * money is real: nothing can be taken without being told from where.
 */
export const defaultPaymentMethod = (productIds: readonly string[], by: ChargedBy): string => {
	if (by === "sandbox") return productIds.includes(declinedProductId) ? "sandbox_declined" : "sandbox_success";
	throw new DomainError("VALIDATION", "a payment method is needed", {
		errors: [{ pointer: "/paymentMethod", detail: rules[by].detail }],
	});
};
