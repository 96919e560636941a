import { setTimeout as delay } from "node:timers/promises";
import type { Collection, Document } from "./port.ts";

/** Of one command: in one process it keeps everything else waiting for some milliseconds. */
const batch = 500;

/**
 * Removes what has a number up to `until` (epoch ms) in that field, which an index begins with, in portions; after each it rests for as long as
 * that one took. Answers how many.
 */
export const removeOldest = async <T extends Document>(
	collection: Collection<T>,
	field: keyof T & string,
	until: number,
	signal: AbortSignal,
): Promise<number> => {
	const due = { [field]: { $lte: until } };
	for (let total = 0; ; ) {
		const began = performance.now();
		const found = await collection.find({ where: due, sort: [[field, 1]], limit: batch });
		if (found.length > 0) total += await collection.remove({ ...due, _id: { $in: found.map(({ _id }) => _id) } });
		if (found.length < batch || signal.aborted) return total;
		await delay(performance.now() - began);
	}
};
