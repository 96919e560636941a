import { setTimeout as delay } from "node:timers/promises";

// An order's 201 names its payment, and the payment comes with the order's event, moments later. Whoever reads it in between must not
// hear that there is no such thing. Moves do not wait: a payment that is on its way has nothing to confirm or to give back yet.

/** ms; 620 together, then it is taken for unknown. */
const pauses = [20, 40, 80, 160, 320];

/** What `find` finds, now or a moment later. An id that never was costs its caller the wait. */
export const onceThere = async <T>(find: () => Promise<T | null>): Promise<T | null> => {
	for (const pause of pauses) {
		const found = await find();
		if (found) return found;
		await delay(pause);
	}
	return find();
};
