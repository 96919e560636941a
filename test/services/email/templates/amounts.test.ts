import assert from "node:assert/strict";
import fc from "fast-check";
import { exponentOf } from "../../../../contracts/money.ts";
import { freeDay, momentText, moneyText } from "../../../../services/email/templates/amounts.ts";

describe("An amount in a mail", () => {
	it("has as many decimals as its currency", () => {
		const shown = (amount: number, currency: string): string => moneyText({ amount, currency });
		assert.deepEqual(
			[
				shown(9_900, "MYR"),
				shown(5, "MYR"),
				shown(0, "EUR"),
				shown(1_235, "JPY"),
				shown(0, "JPY"),
				shown(1_234, "BHD"),
				shown(7, "CLF"),
			],
			["MYR 99.00", "MYR 0.05", "EUR 0.00", "JPY 1,235", "JPY 0", "BHD 1.234", "CLF 0.0007"],
		);
		assert.equal(shown(123_456_789, "USD"), "USD 1,234,567.89");
	});

	it("is exact, however large it is", () => {
		assert.equal(moneyText({ amount: Number.MAX_SAFE_INTEGER, currency: "MYR" }), "MYR 90,071,992,547,409.91");
		fc.assert(
			fc.property(fc.maxSafeNat(), fc.constantFrom("MYR", "JPY", "BHD", "CLF"), (amount, currency) => {
				const digits = moneyText({ amount, currency }).slice(4);
				assert.equal(Number(digits.replace(/[.,]/g, "")), amount);
				assert.equal(digits.split(".")[1]?.length ?? 0, exponentOf(currency));
			}),
		);
	});
});

describe("A day in a mail", () => {
	it("is in words, and in UTC", () => {
		assert.equal(momentText("2026-11-21T23:05:59.000Z"), "21 November 2026, 23:05 UTC");
	});

	it("stays as the seller wrote it where it is no date", () => {
		assert.equal(freeDay("2026-12-24"), "24 December 2026");
		assert.equal(freeDay("2026-12-24T10:00:00Z"), "24 December 2026");
		for (const text of ["Tuesday", "2026-13-99", "in 3 days"]) assert.equal(freeDay(text), text);
	});
});
