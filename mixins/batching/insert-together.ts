import { MicroBatch } from "../durable-events/micro-batch.ts";
import { StoreUnavailable, WriteUncertain } from "../store/errors.ts";
import type { Collection, Document } from "../store/port.ts";

const isOutage = (error: unknown): boolean => error instanceof StoreUnavailable || error instanceof WriteUncertain;

/** Of one document too many, nobody can say which; asked one after the other, each group answers for itself. */
const apart = <T extends Document>(
	collection: Collection<T>,
	groups: readonly (readonly T[])[],
): Promise<PromiseSettledResult<number>[]> => Promise.allSettled(groups.map((group) => collection.createMany(group)));

/**
 * Stores documents under ids that follow from what they are about, so that a repeat finds them there. All that is asked for in the same turn of the
 * event loop, or while a command is under way, leaves in one command. Resolves when the caller's own are durable, or were there before;
 * rejects with what `createMany` throws. What the store refuses of one caller fails that caller alone.
 */
export const insertTogether = <T extends Document>(collection: Collection<T>): ((documents: readonly T[]) => Promise<void>) => {
	const flush = async (groups: readonly (readonly T[])[]): Promise<PromiseSettledResult<unknown>[]> => {
		try {
			await collection.createMany(groups.flat());
			return groups.map(() => ({ status: "fulfilled", value: null }));
		} catch (error) {
			if (isOutage(error) || groups.length === 1) throw error;
			return apart(collection, groups);
		}
	};
	const batch = new MicroBatch<readonly T[], PromiseSettledResult<unknown>>({ gatherMs: 0, flush });
	return async (documents) => {
		const outcome = await batch.add(documents);
		if (outcome.status === "rejected") throw outcome.reason;
	};
};
