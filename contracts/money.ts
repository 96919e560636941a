import Type, { type Static } from "typebox";

/** Integer minor units with an ISO 4217 code: 99.00 MYR is `{amount: 9900, currency: "MYR"}`. */
export const Money = Type.Object(
	{
		amount: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "In minor units of the currency" }),
		currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217 code" }),
	},
	{ $id: "Money", description: "An amount of money in integer minor units" },
);
export type Money = Static<typeof Money>;

export { exponentOf, isCurrency } from "./currency.ts";
