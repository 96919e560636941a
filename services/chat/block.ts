import { DomainError } from "../../contracts/errors.ts";
import type { Document } from "../../mixins/store/port.ts";

/** `by` wants to hear nothing of `userId`. Under `<by>/<userId>`. */
export interface Block extends Document {
	by: string;
	userId: string;
	/** ISO 8601. */
	at: string;
}

export const blockId = (by: string, userId: string): string => `${by}/${userId}`;

/** All of one person's: `/` is the least of what may follow, `0` the first that may not. */
export const blocksOf = (by: string): { $gte: string; $lt: string } => ({ $gte: `${by}/`, $lt: `${by}0` });

/** Throws VALIDATION for oneself. */
export const newBlock = (by: string, userId: string, at: string): Block => {
	if (by === userId)
		throw new DomainError("VALIDATION", "Nobody blocks themselves", { errors: [{ pointer: "/userId", detail: "is your own" }] });
	return { _id: blockId(by, userId), by, userId, at };
};

/** A block holds both ways: whoever blocks somebody does not write to them either. */
export const blocksBetween = (userId: string, others: readonly string[]): string[] =>
	others.flatMap((other) => [blockId(userId, other), blockId(other, userId)]);

/** Throws FORBIDDEN if there is one. Which of the two blocked the other is not told. */
export const requireNone = (blocks: readonly Block[]): void => {
	if (blocks.length > 0) throw new DomainError("FORBIDDEN", "One of you has blocked the other");
};
