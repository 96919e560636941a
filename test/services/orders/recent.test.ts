import assert from "node:assert/strict";
import { Recent } from "../../../services/orders/recent.ts";

describe("recent orders", () => {
	it("answers each once, and drops the oldest past its limit", () => {
		const recent = new Recent<{ _id: string }>(2);
		for (const _id of ["a", "b", "c"]) recent.add({ _id });
		assert.equal(recent.take("a"), undefined);
		assert.deepEqual(recent.take("b"), { _id: "b" });
		assert.equal(recent.take("b"), undefined);
		assert.deepEqual(recent.take("c"), { _id: "c" });
	});
});
