import { AsyncLocalStorage } from "node:async_hooks";
import type { Origin } from "../../realtime/log.ts";
import { formatTraceparent, newSpanId, newTraceId, parseTraceparent, type TraceContext } from "./trace-context.ts";

// What the code that runs now runs for: a request over HTTP, a message of a socket, an event, a mail; wherever it goes from there.

export interface Scope {
	/** The id of the HTTP request, or of whatever else began it. */
	readonly requestId: string;
	readonly trace: TraceContext;
}

const current = new AsyncLocalStorage<Scope | undefined>();

/** Undefined in timers and at start. */
export const currentScope = (): Scope | undefined => current.getStore();

export const inScope = <T>(scope: Scope | undefined, work: () => T): T => current.run(scope, work);

/** For what serves everybody though one of them began it: what it logs is nobody's. */
export const outOfScope = <T>(work: () => T): T => current.run(undefined, work);

/** What goes with a call or an event to where this code cannot follow it. */
export const currentTraceparent = (): string | undefined => {
	const scope = current.getStore();
	return scope && formatTraceparent(scope.trace);
};

/** The same for what is stored or posted now and goes on by itself; `requestid` only where there is one beside the trace's own id. */
export const currentOrigin = (): Origin | undefined => {
	const scope = current.getStore();
	if (!scope) return undefined;
	const { requestId, trace } = scope;
	const traceparent = formatTraceparent(trace);
	return requestId === trace.traceId ? { traceparent } : { requestid: requestId, traceparent };
};

/** A trace of which no span is recorded: for the log, and for the events that come of it. */
export const unsampledTrace = (): TraceContext => ({ traceId: newTraceId(), spanId: newSpanId(), sampled: false });

/** What came from another node or out of a document. The bus is trusted; where nothing is said, `otherwise`, or a trace begins. */
export const scopeFrom = (requestId: string | null | undefined, traceparent: unknown, otherwise?: TraceContext): Scope => {
	const trace = parseTraceparent(traceparent) ?? otherwise ?? unsampledTrace();
	return { requestId: requestId || trace.traceId, trace };
};
