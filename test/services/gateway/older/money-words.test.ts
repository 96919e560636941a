import assert from "node:assert/strict";
import fc from "fast-check";
import { exponentOf } from "../../../../contracts/money.ts";
import { moneyNumber, moneyText } from "../../../../services/gateway/older/money-words.ts";

describe("Money in the words of older clients", () => {
	const rows: [amount: number, currency: string, text: string, number: number][] = [
		[9900, "MYR", "RM 99", 99],
		[9950, "MYR", "RM 99.50", 99.5],
		[2599, "EUR", "EUR 25.99", 25.99],
		[5, "MYR", "RM 0.05", 0.05],
		[0, "EUR", "EUR 0", 0],
		[500, "JPY", "JPY 500", 500],
		[1500, "BHD", "BHD 1.500", 1.5],
		[1, "BHD", "BHD 0.001", 0.001],
		[Number.MAX_SAFE_INTEGER, "MYR", "RM 90071992547409.91", 90071992547409.91],
	];
	for (const [amount, currency, text, number] of rows) {
		it(`writes ${amount} minor units of ${currency} as ${text}`, () => {
			assert.equal(moneyText({ amount, currency }), text);
			assert.equal(moneyNumber({ amount, currency }), number);
		});
	}

	it("loses nothing: the minor units can be read back from the text", () => {
		const amounts = fc.nat({ max: Number.MAX_SAFE_INTEGER });
		fc.assert(
			fc.property(amounts, fc.constantFrom("MYR", "EUR", "JPY", "BHD", "CLF"), (amount, currency) => {
				const [whole = "", decimals = ""] = (moneyText({ amount, currency }).split(" ")[1] ?? "").split(".");
				assert.equal(Number(whole + decimals.padEnd(exponentOf(currency), "0")), amount);
			}),
		);
	});
});
