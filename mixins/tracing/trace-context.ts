import { randomFillSync } from "node:crypto";

// Where in which trace something happens, and how that crosses a boundary: W3C Trace Context, https://www.w3.org/TR/trace-context/

export interface TraceContext {
	/** 32 hex digits, not all 0. */
	readonly traceId: string;
	/** 16 hex digits, not all 0: of the span that what happens next belongs to. */
	readonly spanId: string;
	/** Whether spans of this trace are recorded, on every node that it comes to. */
	readonly sampled: boolean;
}

const shape = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const nothing = /^0+$/;
/** A header that is longer is no context, whatever it begins with. */
const longest = 256;

/** Null for whatever is none: §3.2.2. A later version may have more parts; of ours, 00, nothing may follow. */
export const parseTraceparent = (header: unknown): TraceContext | null => {
	if (typeof header !== "string" || header.length > longest) return null;
	const [, version, traceId = "", spanId = "", flags = "", more] = shape.exec(header) ?? [];
	if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return null;
	if (nothing.test(traceId) || nothing.test(spanId)) return null;
	return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
};

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
	`00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;

const traceBytes = 16;
const spanBytes = 8;
/** Random bytes for many ids at once: asking for them one by one costs twenty times as much, for every request. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

const randomHex = (bytes: number): string => {
	if (used + bytes > pool.length) {
		randomFillSync(pool);
		used = 0;
	}
	used += bytes;
	const id = pool.toString("hex", used - bytes, used);
	return nothing.test(id) ? randomHex(bytes) : id;
};

export const newTraceId = (): string => randomHex(traceBytes);
export const newSpanId = (): string => randomHex(spanBytes);
