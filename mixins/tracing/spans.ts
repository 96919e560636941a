import { errorTable, isErrorCode } from "../../contracts/errors.ts";
import { currentScope, currentTraceparent, inScope, type Scope, unsampledTrace } from "./scope.ts";
import { formatTraceparent, type TraceContext } from "./trace-context.ts";

// Spans: what was done when, as part of what. Nothing here knows OpenTelemetry: recorder.ts does, and is only loaded where traces go somewhere.
// Names and attributes are words from short lists, after OpenTelemetry's conventions (https://opentelemetry.io/docs/specs/semconv/): no id of
// anybody, no path of a client, nothing of a body. docs/decisions/0028-traces.md

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
	/** What is caused by it has this for its parent. */
	readonly trace: TraceContext;
	set(attributes: Attributes): void;
	rename(name: string): void;
	/** `fault`: it should not have happened; else it is an answer of its own. */
	failed(code: string, fault: boolean): void;
	end(): void;
}

export interface NewSpan {
	name: string;
	kind: SpanKind;
	attributes?: Attributes;
	/** What else it is about, beside its parent: of a batch, all of them. */
	links?: readonly TraceContext[];
	/** Epoch ms, if it began before. */
	startedAt?: number;
}

export interface Recorder {
	/** Whether a trace that begins here is recorded. `outside`: what an untrusted client says it is part of. */
	samples(outside: TraceContext | null): boolean;
	/** `parent` null: the first of its trace. */
	start(span: NewSpan, parent: TraceContext | null): Span;
}

let recorder: Recorder | null = null;

/** One a process. Null: no spans. */
export const setRecorder = (next: Recorder | null): void => {
	recorder = next;
};

export interface Begun {
	readonly trace: TraceContext;
	readonly span: Span | null;
}

/** A trace begins, or goes on from what a client says; whether it is recorded is decided here, once for all that comes of it. */
export const begin = (span: NewSpan, outside: TraceContext | null = null): Begun => {
	if (!recorder?.samples(outside)) return { trace: outside ? { ...outside, sampled: false } : unsampledTrace(), span: null };
	const begun = recorder.start(span, outside);
	return { trace: begun.trace, span: begun };
};

/** Of an error here or from another node: our code, or the name of its class, never its words. */
const describe = (error: unknown): { code: string; fault: boolean } => {
	const { code, type, name } = (error ?? {}) as { code?: unknown; type?: unknown; name?: unknown };
	const known = [code, type].find(isErrorCode);
	if (known) return { code: known, fault: errorTable[known].status >= 500 };
	return { code: typeof type === "string" && type !== "" ? type : String(name ?? "Error"), fault: true };
};

export const fail = (span: Span | null, error: unknown): void => {
	if (!span) return;
	const { code, fault } = describe(error);
	span.failed(code, fault);
};

const run = async <T>(span: Span, requestId: string, work: (span: Span | null) => T | Promise<T>): Promise<T> => {
	try {
		return await inScope({ requestId, trace: span.trace }, () => work(span));
	} catch (error) {
		fail(span, error);
		throw error;
	} finally {
		span.end();
	}
};

/** Does `work` in a span of its own, if this trace is recorded here. */
export const inSpan = <T>(span: NewSpan, work: (span: Span | null) => Promise<T>): Promise<T> => {
	const scope = currentScope();
	if (!recorder || !scope?.trace.sampled) return work(null);
	return run(recorder.start(span, scope.trace), scope.requestId, work);
};

/** As `inSpan`, for what came out of a document or over the bus and is part of the trace that it names. */
export const inSpanOf = <T>(scope: Scope, span: NewSpan, work: (span: Span | null) => Promise<T>): Promise<T> =>
	inScope(scope, () => inSpan(span, work));

/** Does `work` as the beginning of a trace, whose id stands for that of a request in the log. */
export const inTrace = <T>(first: NewSpan, work: (span: Span | null) => Promise<T>): Promise<T> => {
	const { span, trace } = begin(first);
	const requestId = trace.traceId;
	return span ? run(span, requestId, work) : inScope({ requestId, trace }, () => work(null));
};

/** Something that is over already, of a trace that may have been begun elsewhere. */
export const note = (span: NewSpan & { startedAt: number }, parent: TraceContext | null): void => {
	if (recorder && parent?.sampled) recorder.start(span, parent).end();
};

/** For an event that is being written: of what this code runs for, or of a trace that begins with it. */
export const traceparentFor = (type: string): string => {
	const current = currentTraceparent();
	if (current !== undefined) return current;
	const { trace, span } = begin({ name: `${type} create`, kind: "producer" });
	span?.end();
	return formatTraceparent(trace);
};
