import { eventsKept } from "../../config/lives.ts";
import type { DurableOptions, GroupPolicy } from "./port.ts";
import { type BusSettings, fixed } from "./settings.ts";

const day = 86_400_000;
const defaults = { tries: 8, backoffMs: 200, dedupeMs: 14 * day } as const;

/** Streams keep events for this long; records of what was done have to outlive them, or an old event would run again. */
export const streamAgeMs = eventsKept;

/** A name that can be part of a subject and of a consumer's name. */
const plainName = /^[a-z0-9][a-z0-9_-]{0,62}$/;

type Numbers = Pick<GroupPolicy, "tries" | "backoffMs" | "dedupeMs">;

/** Defaults < the blocks of the service < the environment. Blocks of one group that disagree are refused: which one would win? */
export const policyOf = (
	group: string,
	blocks: readonly DurableOptions[],
	settings: Pick<BusSettings, "groups">,
): GroupPolicy => {
	if (!plainName.test(group)) throw new Error(`consumer group "${group}": lower-case letters, digits, - and _ only`);
	const numbers: Numbers = { ...defaults };
	for (const name of ["tries", "backoffMs", "dedupeMs"] as const) {
		const values = new Set(blocks.map((block) => block[name]).filter((value) => value !== undefined));
		if (values.size > 1)
			throw new Error(`consumer group "${group}": its events disagree about ${name} (${[...values].join(", ")})`);
		numbers[name] = settings.groups[group]?.[name] ?? [...values][0] ?? defaults[name];
	}
	return { group, ...numbers, concurrency: fixed.concurrency };
};
