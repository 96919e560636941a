import type { Context } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { Caller, CallMeta, RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Cause } from "../store/versioned.ts";

// What actions read out of `ctx.meta`: who calls, under which request, and what a write is caused by.

export const callerOf = ({ meta }: Context<unknown, CallMeta>): Caller => {
	if (!meta.user) throw new DomainError("UNAUTHORIZED");
	return meta.user;
};

/** Throws FORBIDDEN for whoever is none: the gateway lets nobody else through, and is not the only one who calls. */
export const adminOf = (ctx: Context<unknown, CallMeta>): Caller => {
	const caller = callerOf(ctx);
	if (!caller.roles.includes("admin")) throw new DomainError("FORBIDDEN");
	return caller;
};

/** The gateway gives every request that changes something a key; a call without one could not be repeated safely. */
export const requestOf = ({ meta }: Context<unknown, CallMeta>): RequestKey => {
	if (!meta.request) throw new Error("a call that changes something came without a request key");
	return meta.request;
};

export const causeOf = ({ requestID }: { requestID?: string | null | undefined }): Cause => ({
	at: clock.now(),
	...(requestID && { requestid: requestID }),
});
