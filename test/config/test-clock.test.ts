import assert from "node:assert/strict";
import { unwatchFile } from "node:fs";
import { writeFile } from "node:fs/promises";
import { followTestClock } from "../../config/test-clock.ts";
import { SoukProcess } from "../support/souk-process.ts";
import { testClock } from "../support/test-clock.ts";
import { until } from "../support/until.ts";

describe("the clock of tests with processes of their own", () => {
	it("is ahead by what stands in the file, and follows it", async () => {
		const moved = await testClock();
		const clock = { now: () => 1_000 };
		try {
			assert.equal(followTestClock(clock, moved.env), true);
			assert.equal(clock.now(), 1_000);
			for (const [by, then] of [
				[500, 1_500],
				[86_400_000, 86_401_500],
			] as const) {
				await moved.advance(by);
				await until(
					"the clock to have moved",
					async () => clock.now(),
					(now) => now === then,
				);
			}
		} finally {
			unwatchFile(moved.env.SOUK_TEST_CLOCK);
			await moved.remove();
		}
	});

	it("is the system's where nothing is set", () => {
		const now = (): number => 1_000;
		const clock = { now };
		assert.equal(followTestClock(clock, { SOUK_CLOCK: "/x", TEST_CLOCK: "/x", SOUK_TEST_CLOCK: "" }), false);
		assert.equal(clock.now, now);
	});

	it("refuses a file that holds no number, and one that is not there", async () => {
		const moved = await testClock();
		try {
			await writeFile(moved.env.SOUK_TEST_CLOCK, "tomorrow");
			assert.throws(() => followTestClock({ now: Date.now }, moved.env), /whole number of milliseconds/);
			assert.throws(() => followTestClock({ now: Date.now }, { SOUK_TEST_CLOCK: "/nowhere/at/all" }), /ENOENT/);
		} finally {
			await moved.remove();
		}
	});

	it("is not to be had under another name: a node does not start with SOUK_CLOCK", async () => {
		const node = new SoukProcess({ SOUK_CLOCK: "/nowhere/at/all" });
		node.spawn();
		const { code } = await node.exited();
		assert.notEqual(code, 0);
		assert.match(node.logs, /SOUK_CLOCK is not a setting of Souk/);
	});
});
