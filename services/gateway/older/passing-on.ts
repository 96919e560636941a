import type { Context } from "moleculer";
import type { CallMeta } from "../../../contracts/call.ts";
import { DomainError } from "../../../contracts/errors.ts";
import { callerOf } from "../../../mixins/call-meta/call-meta.ts";

export type Call<Params> = Context<Params, CallMeta>;

/**
 * For actions that only pass a request on to another service: queue, retries, breaker and time are those of the call behind them,
 * and must not count twice.
 */
export const passedOn = {
	bulkhead: { enabled: false },
	circuitBreaker: { enabled: false },
	retryPolicy: { enabled: false },
	timeout: 0,
} as const;

/** An id in path or body is the caller's own, or nobody's. */
export const requireSelf = (ctx: Call<unknown>, id: unknown): void => {
	if (id !== callerOf(ctx).id) throw new DomainError("NOT_FOUND");
};
