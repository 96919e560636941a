import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import type { TracingProfile } from "../../config/profile-type.ts";
import { rootSampler } from "./sampling.ts";
import { SpanQueue } from "./span-queue.ts";
import type { Attributes, NewSpan, Recorder, Span } from "./spans.ts";
import type { TraceContext } from "./trace-context.ts";

// The one file that knows OpenTelemetry's SDK, loaded by tracing.ts where traces are exported: it costs some 200 ms and 25 MiB. What is not
// sampled never comes here, so the SDK itself samples all that does.

export interface RecorderOptions {
	profile: TracingProfile;
	/** What these spans are told to be of: service.name and so on. */
	resource: Attributes;
	onLost(error: Error | undefined): void;
}

export interface RunningRecorder extends Recorder {
	/** Sends what is left, for `ms` at most. */
	close(ms: number): Promise<void>;
}

const kinds = {
	internal: SpanKind.INTERNAL,
	server: SpanKind.SERVER,
	client: SpanKind.CLIENT,
	producer: SpanKind.PRODUCER,
	consumer: SpanKind.CONSUMER,
} as const satisfies Record<NewSpan["kind"], SpanKind>;

const spanContext = ({ traceId, spanId }: TraceContext) => ({ traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });

const parentContext = (parent: TraceContext | null): Context =>
	parent ? trace.setSpanContext(ROOT_CONTEXT, spanContext(parent)) : ROOT_CONTEXT;

const startSpan = (tracer: Tracer, { name, kind, attributes, links, startedAt }: NewSpan, parent: TraceContext | null): Span => {
	const options = {
		kind: kinds[kind],
		...(attributes && { attributes }),
		...(links && { links: links.map((link) => ({ context: spanContext(link) })) }),
		...(startedAt !== undefined && { startTime: startedAt }),
	};
	const span = tracer.startSpan(name, options, parentContext(parent));
	const { traceId, spanId } = span.spanContext();
	return {
		trace: { traceId, spanId, sampled: true },
		set: (more) => void span.setAttributes(more),
		rename: (next) => void span.updateName(next),
		failed: (code, fault) => {
			span.setAttribute("error.type", code);
			if (fault) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
		},
		end: () => span.end(),
	};
};

/** The base of the collector's address, as OTEL_EXPORTER_OTLP_ENDPOINT has it; traces have a path below it. */
const tracesUrl = (endpoint: string): string => `${endpoint.replace(/\/+$/, "")}/v1/traces`;

const within = (work: Promise<unknown>, ms: number): Promise<unknown> => {
	const { promise, resolve } = Promise.withResolvers<void>();
	const timer = setTimeout(resolve, ms);
	return Promise.race([work, promise]).finally(() => clearTimeout(timer));
};

export const openRecorder = ({ profile, resource, onLost }: RecorderOptions): RunningRecorder => {
	const { endpoint, headers, timeoutMs, room, everyMs } = profile;
	// All of it is given, so that no variable that .env.example does not know has a say.
	const exporter = new OTLPTraceExporter({ url: tracesUrl(endpoint), headers: { ...headers }, timeoutMillis: timeoutMs });
	const queue = new SpanQueue({ exporter, room, everyMs, onLost });
	const provider = new TracerProvider({
		resource: resourceFromAttributes({ ...resource }),
		sampler: new AlwaysOnSampler(),
		spanProcessors: [queue],
	});
	const tracer = provider.getTracer("souk");
	return {
		samples: rootSampler(profile),
		start: (span, parent) => startSpan(tracer, span, parent),
		async close(ms) {
			const sent = queue.forceFlush().then(() => provider.shutdown());
			await within(sent, ms);
		},
	};
};
