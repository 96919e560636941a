import { isDeepStrictEqual } from "node:util";
import type { Change } from "../../mixins/store/versioned.ts";
import type { Decision, Payment } from "./payment.ts";

/** What the store keeps about an entity by itself. */
const kept: ReadonlySet<string> = new Set(["_id", "version", "createdAt", "updatedAt", "outbox", "outboxAt", "changes"]);

/**
 * The one update that turns a payment into what a decision made of it, events included. It sets whole members: right only
 * because the write is filtered on the version that the decision read.
 */
export const changeTo = (before: Payment, { payment: after, events }: Decision): Change => {
	const old: Readonly<Record<string, unknown>> = { ...before };
	const members = Object.entries(after).filter(([name]) => !kept.has(name));
	const set = Object.fromEntries(members.filter(([name, value]) => !isDeepStrictEqual(value, old[name])));
	const unset = Object.keys(before).filter((name) => !kept.has(name) && !(name in after));
	return { set, unset, events };
};
