import { DomainError } from "../../contracts/errors.ts";
import { paymentMethods } from "../../contracts/http/orders.ts";
import { declinedProductId } from "./catalogue.ts";

const known: ReadonlySet<string> = new Set(paymentMethods);

/** Throws VALIDATION for a method that no provider of ours knows: it would only be declined later, out of the caller's sight. */
export const checkPaymentMethod = (method: string): string => {
	if (known.has(method)) return method;
	throw new DomainError("VALIDATION", "the payment method is not known", {
		errors: [{ pointer: "/paymentMethod", detail: `must be one of ${paymentMethods.join(", ")}` }],
	});
};

/** What an order without a method is paid with: product "2" of the demo seller is there to show a decline. */
export const defaultPaymentMethod = (productIds: readonly string[]): string =>
	productIds.includes(declinedProductId) ? "sandbox_declined" : "sandbox_success";
