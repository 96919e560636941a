import assert from "node:assert/strict";
import { asTimes, lanesOf } from "../../scripts/test/lanes.ts";

describe("the lanes of a test run", () => {
	const files = ["a", "b", "c", "d", "e", "f"];

	it("have every file once, in order", () => {
		const lanes = lanesOf(files, 3, { b: 100 });
		assert.deepEqual(lanes.flat().sort(), files);
		for (const lane of lanes) assert.deepEqual(lane, [...lane].sort());
	});

	it("end at about the same time", () => {
		assert.deepEqual(lanesOf(files, 2, { c: 60, d: 30, e: 20 }).map((lane) => lane.join("")), ["c", "abdef"]); // biome-ignore format: one line
	});

	it("are dealt out by what took long before", () => {
		assert.equal(asTimes({ b: 12.4, a: 5.6, c: 1 }), '{\n\t"a": 6,\n\t"b": 12\n}\n');
	});
});
