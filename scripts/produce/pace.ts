import { setTimeout as delay } from "node:timers/promises";

/** Resolves when the next one is due; 0 a second: always. Who is late catches up, so that the mean is right. */
export const pacer = (perSecond: number): (() => Promise<void>) => {
	const began = performance.now();
	let passed = 0;
	return async () => {
		if (perSecond <= 0) return;
		const due = began + (passed++ * 1000) / perSecond;
		const early = due - performance.now();
		if (early > 1) await delay(early);
	};
};
