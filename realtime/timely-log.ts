import type { Entry } from "./entry.ts";
import { type Appended, type Draft, LogUnavailable, LogUncertain, type StreamLog } from "./log.ts";
import type { Timers } from "./ports.ts";
import { within } from "./waits.ts";

/**
 * A log that always answers: a connection that swallows what is sent, without an end, must not hold a stream for ever, nor the few reads that all
 * catch-ups share. A write that was given up may still be stored later, which is what LogUncertain says.
 */
export class TimelyLog implements StreamLog {
	readonly #log: StreamLog;
	readonly #timers: Timers;
	readonly #ms: number;

	constructor(log: StreamLog, timers: Timers, ms: number) {
		this.#log = log;
		this.#timers = timers;
		this.#ms = ms;
	}

	append(drafts: readonly Draft[]): Promise<Appended> {
		return within(this.#timers, this.#ms, this.#log.append(drafts), () => new LogUncertain("an append was not answered in time"));
	}

	tail(stream: string): Promise<number> {
		return this.#read(this.#log.tail(stream));
	}

	at(stream: string, seq: number): Promise<Entry | null> {
		return this.#read(this.#log.at(stream, seq));
	}

	after(stream: string, after: number, limit: number): Promise<Entry[]> {
		return this.#read(this.#log.after(stream, after, limit));
	}

	before(stream: string, before: number, limit: number): Promise<Entry[]> {
		return this.#read(this.#log.before(stream, before, limit));
	}

	posted(stream: string, keys: readonly { from: string; id: string }[]): Promise<Entry[]> {
		return this.#read(this.#log.posted(stream, keys));
	}

	#read<T>(answer: Promise<T>): Promise<T> {
		return within(this.#timers, this.#ms, answer, () => new LogUnavailable("a read was not answered in time"));
	}
}
