import type { Known } from "./known.ts";
import type { Limits } from "./limits.ts";
import { LogUnavailable, type StreamLog } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Membership, Ownership, Random, Timers } from "./ports.ts";
import { within } from "./waits.ts";

export interface BackstopParts {
	known: Known;
	log: StreamLog;
	ownership: Ownership;
	membership: Membership;
	timers: Timers;
	random: Random;
	limits: Limits;
	metrics: Metrics;
	report(error: unknown, what: string, stream: string): void;
	/** Another node owns the stream. */
	lost(): void;
	/** The followers of this moment, to be judged by what the membership turns out to be; null: the stream is gone. */
	judge(): (members: { has(userId: string): boolean } | null) => void;
	/** The round found everything. */
	sound(): void;
	/** Too many rounds in a row have failed: what followers see here may be old. */
	failed(): void;
}

/**
 * Looks every few seconds, while somebody follows, whether this actor still tells the truth. It is the only thing that finds out when
 * nobody tells us anything: an owner that was stopped for a minute, or that the others cannot reach.
 */
export class Backstop {
	readonly #parts: BackstopParts;
	#cancel: (() => void) | null = null;
	#failures = 0;

	constructor(parts: BackstopParts) {
		this.#parts = parts;
	}

	start(): void {
		if (!this.#cancel) this.#arm();
	}

	stop(): void {
		this.#cancel?.();
		this.#cancel = null;
		this.#failures = 0;
	}

	#arm(): void {
		const { backstopMs } = this.#parts.limits;
		const ms = backstopMs * (0.8 + 0.4 * this.#parts.random());
		const cancel = this.#parts.timers.after(ms, () => void this.#round(cancel));
		this.#cancel = cancel;
	}

	async #round(mine: () => void): Promise<void> {
		this.#parts.metrics.rounds += 1;
		const { known, timers, limits } = this.#parts;
		const late = () => new LogUnavailable("a round of the backstop took too long");
		const passed = await within(timers, limits.backstopRoundMs, this.check(), late).then(
			() => true,
			(error: unknown) => {
				this.#parts.metrics.failedRounds += 1;
				this.#parts.report(error, "a round of the backstop", known.stream);
				return false;
			},
		);
		// Stopped meanwhile, and perhaps started again: that one has its own timer.
		if (this.#cancel !== mine) return;
		this.#failures = passed ? 0 : this.#failures + 1;
		if (this.#failures >= limits.backstopFailures) return this.#parts.failed();
		this.#arm();
	}

	/** Ownership first: it needs no answer from anywhere. Throws what log and membership throw. */
	async check(): Promise<void> {
		const { known, log, ownership, membership } = this.#parts;
		if (!ownership.owns(known.stream)) return this.#parts.lost();
		const judge = this.#parts.judge();
		judge(await membership.of(known.stream));
		const next = await log.at(known.stream, known.tail + 1);
		if (next) await known.refresh();
		else known.confirm();
		this.#parts.sound();
	}
}
