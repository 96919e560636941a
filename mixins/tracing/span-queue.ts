import type { ReadableSpan, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace";
import { count } from "../metrics/metrics.ts";
import { outOfScope } from "./scope.ts";

// Spans on their way to the collector: many in one request, one request at a time. Instead of the SDK's batch processor, which does not tell
// what it drops.

export interface SpanQueueOptions {
	exporter: SpanExporter;
	/** Spans that may wait or be on their way; more are dropped. */
	room: number;
	/** How long the first waits for others, in ms. */
	everyMs: number;
	/** The first batch of a row that the collector did not take. */
	onLost(error: Error | undefined): void;
}

/** In one request. */
const mostAtOnce = 512;
/** ExportResultCode.SUCCESS of @opentelemetry/core, which is not ours to import. */
const success = 0;

type Result = Parameters<Parameters<SpanExporter["export"]>[1]>[0];

export class SpanQueue implements SpanProcessor {
	readonly #options: SpanQueueOptions;
	readonly #batch: number;
	#waiting: ReadableSpan[] = [];
	#underWay = 0;
	#timer: NodeJS.Timeout | undefined;
	#sending: Promise<void> | undefined;
	#away = false;

	constructor(options: SpanQueueOptions) {
		this.#options = options;
		this.#batch = Math.min(mostAtOnce, options.room);
	}

	onStart(): void {
		// Only what has ended is told.
	}

	/** Whoever ends a span waits for nothing, and cannot fail by it. */
	onEnd(span: ReadableSpan): void {
		if (this.#waiting.length + this.#underWay >= this.#options.room) {
			count("trace_spans_total", { outcome: "dropped" });
			return;
		}
		this.#waiting.push(span);
		if (this.#waiting.length >= this.#batch) this.#send();
		else if (!this.#timer && !this.#sending) this.#later();
	}

	/** Resolves when all that waits now has been taken, or was lost. */
	async forceFlush(): Promise<void> {
		while (this.#waiting.length > 0 || this.#sending) {
			this.#send();
			await this.#sending;
		}
	}

	async shutdown(): Promise<void> {
		clearTimeout(this.#timer);
		await this.#options.exporter.shutdown();
	}

	#later(): void {
		this.#timer = outOfScope(() => setTimeout(() => this.#send(), this.#options.everyMs));
		this.#timer.unref();
	}

	#send(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#sending ??= outOfScope(() => this.#run());
	}

	async #run(): Promise<void> {
		do await this.#export(this.#waiting.splice(0, this.#batch));
		while (this.#waiting.length >= this.#batch);
		this.#sending = undefined;
		if (this.#waiting.length > 0) this.#later();
	}

	async #export(spans: ReadableSpan[]): Promise<void> {
		if (spans.length === 0) return;
		this.#underWay = spans.length;
		const { code, error } = await this.#ask(spans);
		this.#underWay = 0;
		const taken = code === success;
		count("trace_spans_total", { outcome: taken ? "exported" : "lost" }, spans.length);
		if (!taken && !this.#away) this.#options.onLost(error);
		this.#away = !taken;
	}

	#ask(spans: ReadableSpan[]): Promise<Result> {
		return new Promise((resolve) => {
			try {
				this.#options.exporter.export(spans, resolve);
			} catch (error) {
				resolve({ code: success + 1, error: error as Error });
			}
		});
	}
}
