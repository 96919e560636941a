import { clock } from "../../config/clock.ts";

/** Call it in a `describe`: the clock of this process can be moved on, and is the real one again after each test. */
export const movingClock = (): { pass(ms: number): void } => {
	const realNow = clock.now;
	afterEach(() => {
		clock.now = realNow;
	});
	return {
		pass(ms) {
			const before = clock.now;
			clock.now = () => before() + ms;
		},
	};
};
