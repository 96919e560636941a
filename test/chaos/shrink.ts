// Delta debugging (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input, 2002): the shortest list found that still fails.

/**
 * Drops chunks of `steps`, large ones first, as long as what is left still fails; at most `tries` times. `fails` decides; where a failure
 * does not come every time, a smaller list may be missed, never a wrong one answered.
 */
export const shrink = async <Step>(
	steps: readonly Step[],
	fails: (steps: readonly Step[]) => Promise<boolean>,
	tries: number,
): Promise<readonly Step[]> => {
	let shortest = steps;
	let left = tries;
	let size = Math.ceil(shortest.length / 2);
	while (size >= 1) {
		let dropped = false;
		for (let start = 0; start < shortest.length; ) {
			if (left === 0) return shortest;
			left -= 1;
			const without = [...shortest.slice(0, start), ...shortest.slice(start + size)];
			if (await fails(without)) {
				shortest = without;
				dropped = true;
			} else start += size;
		}
		if (size === 1 && !dropped) return shortest;
		size = size === 1 ? 1 : Math.ceil(size / 2);
	}
	return shortest;
};
