import assert from "node:assert/strict";
import fc from "fast-check";
import { formatTraceparent, newSpanId, newTraceId, parseTraceparent } from "../../../mixins/tracing/trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("traceparent", () => {
	it("is read as W3C Trace Context has it", () => {
		assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-01`), { traceId, spanId, sampled: true });
		assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-00`), { traceId, spanId, sampled: false });
		assert.equal(parseTraceparent(`00-${traceId}-${spanId}-02`)?.sampled, false);
	});

	it("of a later version is read as far as it is known", () => {
		for (const more of ["", "-", "-what-the-future-will-bring"])
			assert.equal(parseTraceparent(`cc-${traceId}-${spanId}-01${more}`)?.traceId, traceId, more);
	});

	it("that is wrong in any way is none", () => {
		const wrong = [
			...[undefined, null, 7, {}, "", " ", "garbage", traceId, `${traceId}-${spanId}-01`],
			...[`00-${traceId}-${spanId}`, `00-${traceId}-${spanId}-`, `00-${traceId}-${spanId}-1`, `00-${traceId}-${spanId}-001`],
			...[`00-${traceId}-${spanId}-01-`, `00-${traceId}-${spanId}-01-more`, `00-${traceId}-${spanId}-01more`],
			...[`ff-${traceId}-${spanId}-01`, `0-${traceId}-${spanId}-01`, `00_${traceId}_${spanId}_01`, `00-${traceId}-${spanId}-zz`],
			...[`00-${"0".repeat(32)}-${spanId}-01`, `00-${traceId}-${"0".repeat(16)}-01`, `00-${traceId.toUpperCase()}-${spanId}-01`],
			...[`00-${traceId.slice(1)}-${spanId}-01`, `00-${traceId}a-${spanId}-01`, ` 00-${traceId}-${spanId}-01`],
			...[
				`00-${traceId}-${spanId}-01\n`,
				`00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
				`cc-${traceId}-${spanId}-01-${"x".repeat(300)}`,
			],
		];
		for (const header of wrong) assert.equal(parseTraceparent(header), null, String(header));
	});

	it("comes back from its text as it was, and anything else is read or none, but never thrown about", () => {
		const context = { traceId: newTraceId(), spanId: newSpanId() };
		for (const sampled of [true, false])
			assert.deepEqual(parseTraceparent(formatTraceparent({ ...context, sampled })), { ...context, sampled });
		fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => parseTraceparent(text) === null));
	});

	it("has ids of random digits, no two the same", () => {
		const ids = Array.from({ length: 2_000 }, newTraceId);
		for (const id of ids) assert.match(id, /^[\da-f]{32}$/);
		assert.equal(new Set(ids).size, ids.length);
		assert.match(newSpanId(), /^[\da-f]{16}$/);
	});
});
