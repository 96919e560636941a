import assert from "node:assert/strict";
import { CountSoon, pauseAfter } from "../../../services/chat/count-soon.adapter.ts";

describe("chat: counting a moment later", () => {
	it("counts a stream once, however often it was asked for meanwhile", async () => {
		const counted: string[] = [];
		const soon = new CountSoon(async (stream) => void counted.push(stream));
		for (const stream of ["a", "b", "a", "a", "b"]) soon.ask(stream);
		assert.deepEqual(counted, []);
		await soon.end();
		assert.deepEqual(counted.sort(), ["a", "b"]);
	});

	it("counts by itself, and what is asked for while it counts the next time", async () => {
		const counted: string[] = [];
		const twice = Promise.withResolvers<void>();
		const soon = new CountSoon(async (stream) => {
			counted.push(stream);
			if (counted.length === 1) soon.ask(stream);
			else twice.resolve();
		});
		soon.ask("a");
		await twice.promise;
		await soon.end();
		assert.deepEqual(counted, ["a", "a"]);
	});

	it("waits three times as long as counting took, but neither less than a second nor more than five", () => {
		assert.deepEqual([0, 300, 400, 1_600, 60_000].map(pauseAfter), [1_000, 1_000, 1_200, 4_800, 5_000]);
	});

	it("counts a few streams at a time, and all of them before it ends", async () => {
		let running = 0;
		let most = 0;
		let count = 0;
		const soon = new CountSoon(async () => {
			running += 1;
			most = Math.max(most, running);
			await new Promise(setImmediate);
			running -= 1;
			count += 1;
		});
		for (let index = 0; index < 50; index++) soon.ask(`s${index}`);
		await soon.end();
		assert.equal(count, 50);
		assert.equal(most, 4);
	});
});
