import { setTimeout as delay } from "node:timers/promises";
import { count } from "../metrics/metrics.ts";
import type { Rule } from "./rules.ts";

/** Of one command: in one process it keeps everything else waiting for some milliseconds. */
const batch = 200;

export interface RoundOptions {
	rules: readonly Rule[];
	/** Epoch ms. */
	now: () => number;
	signal: AbortSignal;
	/** A rule has removed so many. */
	removed: (rule: Rule, count: number) => void;
	/** A rule could not be carried out; the others are. */
	failed: (rule: Rule, error: unknown) => void;
}

/** A rule to its end, in portions; after each it rests for as long as that one took, so that half of the store's time is everybody else's. */
const carryOut = async (rule: Rule, { now, signal }: RoundOptions): Promise<number> => {
	let total = 0;
	try {
		while (!signal.aborted) {
			const began = performance.now();
			const done = await rule.remove(now(), batch);
			total += done;
			if (done < batch) break;
			await delay(performance.now() - began);
		}
	} finally {
		if (total > 0) count("retention_removed_total", { rule: rule.name }, total);
	}
	return total;
};

/** All rules once. Answers how many documents it has dealt with. A second run, here or elsewhere, goes on where this one ended. */
export const retentionRound = async (options: RoundOptions): Promise<number> => {
	let total = 0;
	for (const rule of options.rules) {
		if (options.signal.aborted) break;
		try {
			const done = await carryOut(rule, options);
			if (done > 0) options.removed(rule, done);
			total += done;
		} catch (error) {
			options.failed(rule, error);
		}
	}
	return total;
};
