import assert from "node:assert/strict";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { scrape } from "../../../mixins/metrics/metrics.ts";
import { SpanQueue } from "../../../mixins/tracing/span-queue.ts";

type Answer = Parameters<SpanExporter["export"]>[1];

/** A collector that answers when the test says so. */
class SlowExporter implements SpanExporter {
	readonly batches: number[][] = [];
	readonly #answers: Answer[] = [];

	export(spans: ReadableSpan[], answer: Answer): void {
		this.batches.push(spans.map((span) => span as unknown as number));
		this.#answers.push(answer);
	}

	/** Of the oldest batch that waits for one. */
	async answer(code: 0 | 1): Promise<void> {
		this.#answers.shift()?.({ code, ...(code === 1 && { error: new Error("connect ECONNREFUSED") }) });
		await new Promise((resolve) => setImmediate(resolve));
	}

	async shutdown(): Promise<void> {}
}

const counted = async (outcome: string): Promise<number> => {
	const found = new RegExp(`^trace_spans_total\\{outcome="${outcome}"\\} (\\d+)$`, "m").exec(await scrape());
	return Number(found?.[1] ?? 0);
};

describe("the queue of spans", () => {
	const queues: SpanQueue[] = [];
	const lost: string[] = [];
	const open = (options: { room?: number; everyMs?: number } = {}) => {
		const exporter = new SlowExporter();
		const onLost = (error: Error | undefined): void => void lost.push(error?.message ?? "");
		const queue = new SpanQueue({ exporter, room: 2_048, everyMs: 60_000, onLost, ...options });
		queues.push(queue);
		const add = (from: number, to: number): void => {
			for (let span = from; span < to; span += 1) queue.onEnd(span as unknown as ReadableSpan);
		};
		return { exporter, queue, add };
	};
	afterEach(async () => {
		lost.length = 0;
		for (const queue of queues.splice(0)) await queue.shutdown();
	});

	it("sends many in one request, one request at a time", async () => {
		const { exporter, add } = open();
		add(0, 1_100);
		assert.deepEqual(exporter.batches.map(({ length }) => length), [512]); // biome-ignore format: one line
		await exporter.answer(0);
		assert.deepEqual(exporter.batches.map(({ length }) => length), [512, 512]); // biome-ignore format: one line
		await exporter.answer(0);
		assert.equal(exporter.batches.length, 2);
	});

	it("does not keep a few waiting for ever", async () => {
		const { exporter, add } = open({ everyMs: 1 });
		add(0, 3);
		while (exporter.batches.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
		assert.deepEqual(exporter.batches, [[0, 1, 2]]);
	});

	it("drops what it has no room for, and counts it, those on their way included", async () => {
		const { exporter, add } = open({ room: 10 });
		const before = await counted("dropped");
		add(0, 10);
		add(10, 17);
		assert.equal((await counted("dropped")) - before, 7);
		await exporter.answer(0);
		add(20, 30);
		await exporter.answer(0);
		assert.deepEqual(exporter.batches.at(-1), [20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
	});

	it("counts what a collector does not take, says so once, and goes on", async () => {
		const { exporter, add } = open({ room: 10 });
		const [before, taken] = [await counted("lost"), await counted("exported")];
		for (const code of [1, 1, 0, 1] as const) {
			add(0, 10);
			await exporter.answer(code);
		}
		assert.equal((await counted("lost")) - before, 30);
		assert.equal((await counted("exported")) - taken, 10);
		assert.deepEqual(lost, ["connect ECONNREFUSED", "connect ECONNREFUSED"]);
	});

	it("is empty after a flush, what was on its way included", async () => {
		const { exporter, queue, add } = open();
		add(0, 600);
		const flushed = queue.forceFlush();
		await exporter.answer(0);
		await exporter.answer(0);
		await flushed;
		assert.deepEqual(exporter.batches.map(({ length }) => length), [512, 88]); // biome-ignore format: one line
	});
});
