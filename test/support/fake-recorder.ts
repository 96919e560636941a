import type { NewSpan, Recorder, Span } from "../../mixins/tracing/spans.ts";
import { newSpanId, newTraceId, type TraceContext } from "../../mixins/tracing/trace-context.ts";

interface Recorded extends NewSpan {
	parent: TraceContext | null;
	trace: TraceContext;
	failure?: [code: string, fault: boolean];
	ended: boolean;
}

/** Keeps spans as they are asked for. */
export class FakeRecorder implements Recorder {
	readonly spans: Recorded[] = [];
	takes = true;

	samples(): boolean {
		return this.takes;
	}

	start(span: NewSpan, parent: TraceContext | null): Span {
		const trace = { traceId: parent?.traceId ?? newTraceId(), spanId: newSpanId(), sampled: true };
		const recorded: Recorded = { ...span, parent, trace, ended: false };
		this.spans.push(recorded);
		return {
			trace,
			set: (attributes) => void Object.assign(recorded, { attributes: { ...recorded.attributes, ...attributes } }),
			rename: (name) => void Object.assign(recorded, { name }),
			failed: (code, fault) => {
				recorded.failure = [code, fault];
			},
			end: () => {
				recorded.ended = true;
			},
		};
	}

	/** Each span with those above it, in the order in which they began. */
	tree(): string[] {
		const pathOf = ({ name, parent }: Recorded): string => {
			const above = this.spans.find(({ trace }) => trace.spanId === parent?.spanId);
			return above ? `${pathOf(above)} > ${name}` : name;
		};
		return this.spans.map(pathOf);
	}
}
