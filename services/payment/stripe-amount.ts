import { exponentOf, type Money } from "../../contracts/money.ts";

// Stripe counts in minor units as well, but not everywhere in those of ISO 4217: https://docs.stripe.com/currencies

/** Decimals of an amount at Stripe where they are not those of ISO 4217. */
const exponents: Readonly<Record<string, number>> = {
	// Without decimals, but Stripe keeps two for older clients; the last two digits must be 00, which they are.
	ISK: 2,
	UGX: 2,
	// One ariary is five iraimbilanja; Stripe takes whole ariary.
	MGA: 0,
};

const stripeExponent = (currency: string): number => exponents[currency] ?? exponentOf(currency);

/** Stripe's number for an amount of ours; null if Stripe cannot charge exactly that much. */
export const stripeAmount = ({ amount, currency }: Money): number | null => {
	const shift = stripeExponent(currency) - exponentOf(currency);
	const value = shift < 0 ? amount / 10 ** -shift : amount * 10 ** shift;
	if (!Number.isSafeInteger(value)) return null;
	// Of three decimals the card networks carry two.
	return stripeExponent(currency) === 3 && value % 10 !== 0 ? null : value;
};

export const stripeCurrency = ({ currency }: Money): string => currency.toLowerCase();
