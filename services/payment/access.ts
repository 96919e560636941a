import type { Caller, CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Payment, PaymentBody } from "./payment.ts";

export type Party = "buyer" | "seller" | "admin";
type Who = Pick<Caller, "id" | "roles">;

/** What the caller is to this payment; empty for strangers. Buyer and seller may be the same person. */
export const partiesOf = (payment: PaymentBody, caller: Who): Party[] => [
	...(payment.buyerId === caller.id ? (["buyer"] as const) : []),
	...(payment.sellerId === caller.id ? (["seller"] as const) : []),
	...(caller.roles.includes("admin") ? (["admin"] as const) : []),
];

/** NOT_FOUND to strangers: they do not learn that it exists. */
export const visibleTo = (payment: Payment | null, caller: Who): { payment: Payment; parties: Party[] } => {
	const parties = payment ? partiesOf(payment, caller) : [];
	if (!payment || parties.length === 0) throw new DomainError("NOT_FOUND");
	return { payment, parties };
};

export const requireParty = (parties: readonly Party[], ...allowed: readonly Party[]): void => {
	if (!parties.some((party) => allowed.includes(party))) throw new DomainError("FORBIDDEN", "This is not yours to do");
};

/** `If-Match`: the caller changes only what they have seen. */
export const requireVersion = (version: number, ifMatch: CallMeta["ifMatch"]): void => {
	if (ifMatch === undefined || ifMatch === "*" || ifMatch.includes(version)) return;
	throw new DomainError("VERSION_CONFLICT", `the version is ${version} by now`);
};
