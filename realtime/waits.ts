import type { Random, Timers } from "./ports.ts";

/** Doubles from `base` up to `max`; half of it at random, so that those who failed together do not come back together. */
export const backoff = (failures: number, base: number, max: number, random: Random): number => {
	const full = Math.min(max, base * 2 ** (failures - 1));
	return full / 2 + (random() * full) / 2;
};

/** Waits that can all be cut short: what is waiting when its stream is unloaded must not hold the process. */
export class Waits {
	readonly #timers: Timers;
	readonly #waiting = new Set<() => void>();
	#over = false;

	constructor(timers: Timers) {
		this.#timers = timers;
	}

	sleep(ms: number): Promise<void> {
		if (this.#over) return Promise.resolve();
		return new Promise((resolve) => {
			const wake = () => {
				cancel();
				this.#waiting.delete(wake);
				resolve();
			};
			const cancel = this.#timers.after(ms, wake);
			this.#waiting.add(wake);
		});
	}

	/** Wakes everybody, and whoever wants to sleep from now on. */
	end(): void {
		this.#over = true;
		for (const wake of [...this.#waiting]) wake();
	}
}

/** Rejects with `late()` if the answer takes longer than `ms`; what comes after that is let go. */
export const within = async <T>(timers: Timers, ms: number, answer: Promise<T>, late: () => Error): Promise<T> => {
	const { promise, reject } = Promise.withResolvers<never>();
	const cancel = timers.after(ms, () => reject(late()));
	try {
		return await Promise.race([answer, promise]);
	} finally {
		cancel();
	}
};
