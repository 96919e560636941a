/** Of the sandbox: what each of them does. */
export const paymentMethods = [
	["sandbox_success", "Card that works"],
	["sandbox_declined", "Card that is declined"],
	["sandbox_insufficient_funds", "Card without money"],
	["sandbox_requires_action", "Card that asks you to confirm"],
	["sandbox_slow", "Bank that answers late"],
	["sandbox_unknown_outcome", "Bank whose answer is lost"],
] as const;

export const methodName = (method: string): string => paymentMethods.find(([known]) => known === method)?.[1] ?? method;
