import assert from "node:assert/strict";
import type { DomainError, ErrorCode } from "../../contracts/errors.ts";
import { fromWire } from "../../middlewares/domain-errors.ts";

/** The refusal that a call ended in; fails the test if it was answered, or ended in something else. */
export const refused = async (work: Promise<unknown>, code: ErrorCode): Promise<DomainError> => {
	try {
		await work;
	} catch (error) {
		const refusal = fromWire(error);
		if (!refusal) throw error;
		assert.equal(refusal.code, code, refusal.message);
		return refusal;
	}
	return assert.fail(`answered instead of refused with ${code}`);
};
