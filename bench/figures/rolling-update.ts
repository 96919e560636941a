import { setTimeout as delay } from "node:timers/promises";
import { Busy, longest, startRolling, type Timed } from "../../test/support/rolling.ts";
import type { Figure } from "../support/figure.ts";
import { round } from "../support/stats.ts";

const load = { talks: 24, people: 8, pauseMs: 50 };
/** How long nobody is replaced first, in ms: what a post takes then is not the replacing's. */
const restMs = 10_000;

const percentile = (all: readonly Timed[], part: number): number =>
	all.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor((all.length - 1) * part)] ?? 0;

/** Every node of a cluster behind nginx replaced by the next version, one by one, while people talk and order. */
export const rollingUpdate = async (): Promise<Figure[]> => {
	const rolling = await startRolling(2);
	const busy = new Busy(rolling.api);
	try {
		await busy.begin(load);
		await delay(restMs);
		const begin = Date.now();
		const before = longest(busy.posts);
		for (const node of rolling.nodes) await rolling.replace(node);
		const took = Date.now() - begin;
		await busy.end();
		const during = busy.posts.filter(({ at, ms }) => at + ms >= begin);
		const worst = longest(during);
		const unseen = longest(busy.seen.filter(({ at, ms }) => at + ms >= begin));
		return [
			{
				name: "rolling update, longest stall of a publisher",
				value: round(worst.ms / 1_000, 2),
				unit: "s",
				bound: { most: 2 },
				note: `${rolling.nodes.length} nodes in ${round(took / 1_000, 0)} s, ${load.talks} streams, ${during.length} posts, p99 ${round(percentile(during, 0.99), 0)} ms; the worst by ${worst.what.split(" ")[0]}; at rest at most ${round(before.ms / 1_000, 2)} s; acked to seen at most ${round(unseen.ms / 1_000, 2)} s`,
			},
			{
				name: "rolling update, requests that failed",
				value: busy.failed.length,
				unit: "requests",
				bound: { most: 0 },
				note: `of ${busy.requests}, none sent twice by who sent it${busy.failed.length > 0 ? `; the first: ${busy.failed[0]?.slice(0, 200)}` : ""}`,
			},
		];
	} finally {
		busy.close();
		await rolling.stop();
	}
};
