import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import type { RestResponse } from "../../../mixins/rest/http.ts";
import { leaveTogether } from "../../../mixins/rest/leave-together.ts";

describe("answers of one turn of the event loop", () => {
	it("leave at its end, in the order in which they were ready, and each once", async () => {
		const left: unknown[] = [];
		const res = (name: string) => ({ end: (body: unknown) => left.push([name, body]) }) as unknown as RestResponse;
		leaveTogether(res("one"), "1");
		await Promise.resolve();
		leaveTogether(res("two"), undefined);
		assert.deepEqual(left, []);
		await turn();
		assert.deepEqual(left, [
			["one", "1"],
			["two", undefined],
		]);
		leaveTogether(res("three"), Buffer.of(3));
		await turn();
		assert.deepEqual(left.slice(2), [["three", Buffer.of(3)]]);
	});
});
