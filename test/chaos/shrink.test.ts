import assert from "node:assert/strict";
import { planOf, stepText } from "./plan.ts";
import { shrink } from "./shrink.ts";

const numbers = Array.from({ length: 64 }, (_, index) => index);

describe("making a failing list shorter", () => {
	it("leaves what is needed to fail, in its order", async () => {
		const fails = async (steps: readonly number[]): Promise<boolean> => [3, 31, 60].every((step) => steps.includes(step));
		assert.deepEqual(await shrink(numbers, fails, 1_000), [3, 31, 60]);
	});

	it("leaves the list as it is when every step is needed", async () => {
		assert.deepEqual(await shrink(numbers, async ({ length }) => length === 64, 1_000), numbers);
	});

	it("answers a list that failed when its tries are used up", async () => {
		let tries = 0;
		const answered = await shrink(
			numbers,
			async (steps) => {
				tries += 1;
				return steps.includes(63);
			},
			3,
		);
		assert.deepEqual([tries, answered], [3, numbers.slice(48)]);
	});
});

describe("a plan", () => {
	it("is the same for the same seed, and another for another", () => {
		assert.deepEqual(planOf(5), planOf(5));
		assert.notDeepEqual(planOf(5).steps, planOf(6).steps);
	});

	it("has as many steps as it was asked for, after everybody follows", () => {
		const { steps } = planOf(5, { steps: 10, people: 3 });
		assert.deepEqual(steps.slice(0, 3).map(stepText), [
			"follow who=0 from=start",
			"follow who=1 from=start",
			"follow who=2 from=start",
		]);
		assert.equal(steps.length, 13);
	});
});
