import { exponentOf, type Money } from "../../../contracts/money.ts";

// Amounts as older clients read them.

/** In major units, with all decimals of the currency or none: "99.50", "99". By digits: a division would round large amounts. */
const digitsOf = ({ amount, currency }: Money): string => {
	const exponent = exponentOf(currency);
	if (amount % 10 ** exponent === 0) return String(amount / 10 ** exponent);
	const digits = String(amount).padStart(exponent + 1, "0");
	return `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
};

/** `RM 99`, `RM 99.50`, `EUR 25.99`. */
export const moneyText = (money: Money): string => `${money.currency === "MYR" ? "RM" : money.currency} ${digitsOf(money)}`;

/** The number nearest to the amount in major units: 99.5. */
export const moneyNumber = (money: Money): number => Number(digitsOf(money));
