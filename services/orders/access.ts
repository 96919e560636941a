import type { Caller, CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { isTombstone, type Order, partiesOf } from "./order.ts";
import type { Party } from "./order-states.ts";

/** Parties of the order, or NOT_FOUND: strangers do not learn that it exists. */
export const visibleTo = (order: Order | null, caller: Pick<Caller, "id" | "roles">): { order: Order; parties: Party[] } => {
	const parties = order && !isTombstone(order) ? partiesOf(order, caller) : [];
	if (!order || parties.length === 0) throw new DomainError("NOT_FOUND");
	return { order, parties };
};

/** `If-Match`: the caller changes only what they have seen. */
export const checkVersion = (version: number, ifMatch: CallMeta["ifMatch"]): void => {
	if (ifMatch === undefined || ifMatch === "*" || ifMatch.includes(version)) return;
	throw new DomainError("VERSION_CONFLICT", `the version is ${version} by now`);
};
