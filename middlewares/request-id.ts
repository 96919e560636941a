import type { CallingOptions, Context, Middleware } from "moleculer";
import type { LogIds } from "../config/log-format.ts";
import { currentScope, currentTraceparent, inScope, type Scope, scopeFrom } from "../mixins/tracing/scope.ts";

type Call = (name: string, params?: unknown, options?: CallingOptions) => Promise<unknown>;
type Calling = Context & { headers: Record<string, unknown> };

/** The id of the HTTP request (or other root call) that this code runs for, wherever it runs; undefined in timers and at start. */
export const currentRequestId = (): string | undefined => currentScope()?.requestId;

/** For each line of the log. */
export const currentIds = (): LogIds | undefined => {
	const scope = currentScope();
	return scope && { requestId: scope.requestId, traceId: scope.trace.traceId };
};

// Moleculer takes the id of a root call for its request's: a broker.call() made on behalf of a request is no new one.
const ofTheRequest =
	(next: Call): Call =>
	(name, params, options) => {
		const id = options?.parentCtx || options?.requestID ? undefined : currentRequestId();
		return next(name, params, id === undefined ? options : { ...options, requestID: id });
	};

/**
 * Names the trace in a call that leaves this process. In its headers, which reach the callee alone: what stands in `meta` comes back and goes on
 * with the next call. A copy, since callers share theirs.
 */
export const carryTrace = (ctx: Context): void => {
	const traceparent = currentTraceparent();
	const calling = ctx as Calling;
	if (traceparent !== undefined) calling.headers = { ...calling.headers, traceparent };
};

/** A call from another node goes on with what that node was at; one that nobody asked for begins something. */
const scopeOf = (ctx: Context, id: string, current: Scope | undefined): Scope =>
	scopeFrom(id, (ctx as Calling).headers.traceparent, current?.trace);

/** One id from the edge to the last call, and the trace that it is part of: for every line that is logged on the way. */
export const requestId = (): Middleware => ({
	name: "RequestId",
	call: ofTheRequest as unknown as NonNullable<Middleware["call"]>, // declared as the result of a call, not as a wrapper of it
	// `bind` only satisfies the declared type: Moleculer has bound the handler to its service before any middleware sees it.
	localAction(next) {
		const action = next.bind(undefined as never);
		return (ctx) => {
			const current = currentScope();
			// this.actions.x() does not pass the `call` hook.
			if (ctx.requestID === ctx.id) ctx.requestID = current?.requestId ?? ctx.id;
			const id = ctx.requestID ?? ctx.id;
			return id === current?.requestId ? action(ctx) : inScope(scopeOf(ctx, id, current), () => action(ctx));
		};
	},
	remoteAction(next) {
		const action = next.bind(undefined as never);
		return (ctx) => {
			carryTrace(ctx);
			return action(ctx);
		};
	},
});
