import { setImmediate as turn } from "node:timers/promises";
import type { Timers } from "../../realtime/ports.ts";

interface Due {
	at: number;
	run: () => void;
}

/** Time that stands still until a test moves it. */
export class ManualTimers implements Timers {
	#now = Date.parse("2026-01-01T00:00:00.000Z");
	#due: Due[] = [];

	now(): number {
		return this.#now;
	}

	after(ms: number, run: () => void): () => void {
		const due = { at: this.#now + ms, run };
		this.#due.push(due);
		return () => {
			this.#due = this.#due.filter((other) => other !== due);
		};
	}

	soon(run: () => void): void {
		setImmediate(run);
	}

	get pending(): number {
		return this.#due.length;
	}

	/** When the next one is due, or null. */
	next(): number | null {
		return this.#due.length === 0 ? null : Math.min(...this.#due.map(({ at }) => at));
	}

	/** Lets everything happen that needs no time to pass. */
	async settle(turns = 20): Promise<void> {
		for (let i = 0; i < turns; i += 1) await turn();
	}

	/** Time passes, step by step, each with all that it causes. */
	async pass(ms: number): Promise<void> {
		const end = this.#now + ms;
		await this.settle();
		for (let next = this.next(); next !== null && next <= end; next = this.next()) {
			this.fire(next);
			await this.settle();
		}
		this.#now = end;
	}

	/** What is due at `at` runs now, without anything in between. */
	fire(at: number): void {
		this.#now = Math.max(this.#now, at);
		const due = this.#due.filter((each) => each.at <= this.#now);
		this.#due = this.#due.filter((each) => each.at > this.#now);
		for (const { run } of due) run();
	}
}
