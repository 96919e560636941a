import assert from "node:assert/strict";
import { FixedWindows } from "../../../mixins/rate-limits/fixed-windows.ts";

describe("fixed windows", () => {
	let now: number;
	let windows: FixedWindows;
	beforeEach(() => {
		now = 5;
		windows = new FixedWindows(1_000, () => now);
	});

	it("count each requester apart, from its own first request on", () => {
		assert.deepEqual(windows.take("ana"), { taken: 1, msLeft: 1_000 });
		now += 400;
		assert.deepEqual(windows.take("ben"), { taken: 1, msLeft: 1_000 });
		assert.deepEqual(windows.take("ana"), { taken: 2, msLeft: 600 });
	});

	it("begin anew once they are over, also for who asked all the time", () => {
		for (let n = 1; n <= 10; n++) {
			assert.equal(windows.take("ana").taken, n);
			now += 100;
		}
		assert.deepEqual(windows.take("ana"), { taken: 1, msLeft: 1_000 });
	});

	it("forget whose window is over when somebody new comes", () => {
		for (let n = 0; n < 50; n++) {
			windows.take(`guest ${n}`);
			now += 10;
		}
		assert.equal(windows.size, 50);
		now += 750;
		windows.take("ana");
		// Those from 0 to 25 began a second ago or longer.
		assert.equal(windows.size, 25);
		now += 1_000;
		windows.take("guest 49");
		assert.equal(windows.size, 1);
	});
});
