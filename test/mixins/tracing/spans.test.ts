import assert from "node:assert/strict";
import type { TracingProfile } from "../../../config/profile-type.ts";
import { DomainError } from "../../../contracts/errors.ts";
import { toWire } from "../../../middlewares/domain-errors.ts";
import { rootSampler } from "../../../mixins/tracing/sampling.ts";
import { currentScope, scopeFrom } from "../../../mixins/tracing/scope.ts";
import { begin, inSpan, inSpanOf, inTrace, setRecorder, traceparentFor } from "../../../mixins/tracing/spans.ts";
import { parseTraceparent } from "../../../mixins/tracing/trace-context.ts";
import { FakeRecorder } from "../../support/fake-recorder.ts";

const outside = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };

describe("which traces are recorded", () => {
	const share = (options: Partial<TracingProfile>, from: typeof outside | null = null): number => {
		let at = 0;
		const next = (): number => (at++ % 1_000) / 1_000;
		const samples = rootSampler({ sampler: "parentbased_traceidratio", ratio: 0.1, trustsClients: false, ...options }, next);
		return Array.from({ length: 1_000 }, () => samples(from)).filter(Boolean).length;
	};

	it("is a part of all: none, a tenth, or each", () => {
		assert.deepEqual([share({ ratio: 0 }), share({ ratio: 0.1 }), share({ ratio: 1 })], [0, 100, 1_000]);
		assert.deepEqual([share({ sampler: "always_on" }), share({ sampler: "parentbased_always_off", ratio: 1 })], [1_000, 0]);
	});

	it("is not for a client to say, whatever its flag and its trace are", () => {
		const low = { ...outside, traceId: `${"0".repeat(31)}1` };
		assert.deepEqual([share({}, outside), share({}, low), share({ ratio: 0 }, outside)], [100, 100, 0]);
	});

	it("is for a client to say where the environment says so, and the sampler goes by parents", () => {
		const trusting = { trustsClients: true };
		assert.deepEqual([share(trusting, outside), share(trusting, { ...outside, sampled: false })], [1_000, 0]);
		assert.deepEqual([share(trusting), share({ ...trusting, sampler: "traceidratio" }, outside)], [100, 100]);
	});
});

describe("spans", () => {
	let recorder: FakeRecorder;
	beforeEach(() => {
		recorder = new FakeRecorder();
		setRecorder(recorder);
	});
	afterEach(() => setRecorder(null));

	it("have those for parents in whose course they began, through whatever is awaited", async () => {
		await inTrace({ name: "a", kind: "server" }, async () => {
			await inSpan({ name: "b", kind: "internal" }, async () => {
				await new Promise((resolve) => setImmediate(resolve));
				await inSpan({ name: "c", kind: "internal" }, async () => undefined);
			});
			await inSpan({ name: "d", kind: "internal" }, async () => undefined);
		});
		assert.deepEqual(recorder.tree(), ["a", "a > b", "a > b > c", "a > d"]);
		assert.ok(recorder.spans.every(({ ended }) => ended));
	});

	it("are none of a trace that is not recorded, which has ids for the log all the same", async () => {
		recorder.takes = false;
		const seen = await inTrace({ name: "a", kind: "server" }, () =>
			inSpan({ name: "b", kind: "internal" }, async () => currentScope()),
		);
		assert.deepEqual(recorder.spans, []);
		assert.match(`${seen?.trace.traceId} ${seen?.trace.sampled}`, /^[\da-f]{32} false$/);
		assert.equal(seen?.requestId, seen?.trace.traceId);
	});

	it("are part of what a client said, though what it said of recording is not believed", () => {
		const recorded = begin({ name: "a", kind: "server" }, { ...outside, sampled: false });
		assert.deepEqual([recorded.trace.traceId, recorded.trace.sampled], [outside.traceId, true]);
		recorder.takes = false;
		assert.deepEqual(begin({ name: "a", kind: "server" }, outside), { trace: { ...outside, sampled: false }, span: null });
	});

	it("tell how what they stand for failed, by a code, and pass the failure on", async () => {
		const failures = [
			new DomainError("NOT_FOUND", "ada@example.com"),
			toWire(new DomainError("UNAVAILABLE")),
			new TypeError("ada"),
		];
		for (const failure of failures) {
			const work = inTrace({ name: "a", kind: "server" }, () => Promise.reject(failure));
			await assert.rejects(work, (error) => error === failure);
		}
		const told = recorder.spans.map(({ failure }) => failure);
		assert.deepEqual(told, [["NOT_FOUND", false], ["UNAVAILABLE", true], ["TypeError", true]]); // biome-ignore format: one line
	});

	it("go on with an event from what it came of, and an event that comes of nothing begins a trace", async () => {
		const scope = scopeFrom("r-1", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
		await inSpanOf(scope, { name: "process", kind: "consumer" }, async () => {
			assert.equal(currentScope()?.requestId, "r-1");
			assert.equal(traceparentFor("order.placed"), `00-${outside.traceId}-${recorder.spans[0]?.trace.spanId}-01`);
		});
		assert.equal(recorder.spans[0]?.parent?.spanId, outside.spanId);
		const own = parseTraceparent(traceparentFor("order.expired"));
		const [, first] = recorder.spans;
		assert.deepEqual([first?.name, first?.parent, first?.trace], ["order.expired create", null, own]);
	});

	it("cost nothing but ids where nobody records any", async () => {
		setRecorder(null);
		const seen = await inSpanOf(
			scopeFrom("r-1", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
			{ name: "a", kind: "consumer" },
			async () => currentScope(),
		);
		assert.deepEqual(seen?.trace, outside); // another node may record it
	});
});
