import { clock } from "../../config/clock.ts";
import { measured } from "../metrics/metrics.ts";
import type { Bus } from "./bus.ts";
import type { OutboxState } from "./durable-events.mixin.ts";
import type { GroupHealth } from "./port.ts";

// What a scrape is told of events: asked of the bus and the store once for all that one scrape wants to know.

/** How old an answer may be, in ms: within one scrape it is the same. */
const freshMs = 500;

const once = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
	let last: { at: number; answer: Promise<T> } | undefined;
	return () => {
		const now = performance.now();
		if (!last || now - last.at > freshMs) last = { at: now, answer: ask() };
		return last.answer;
	};
};

/** Throws where nobody tells: that is a gap, not a zero. */
const lagOf = (all: readonly GroupHealth[], name: string): number => {
	const found = all.find(({ group }) => group === name);
	if (!found) throw new Error(`nobody knows how the group ${name} is doing`);
	return found.lag;
};

/** The answer ends it. */
export const groupGauges = (bus: Bus, groups: readonly string[]): (() => void) => {
	const health = once(() => bus.health());
	const all = groups.map((group) => measured("events_waiting", { group }, async () => lagOf(await health(), group)));
	return () => {
		for (const end of all) end();
	};
};

export const outboxGauges = (collections: readonly string[], stateOf: (name: string) => Promise<OutboxState>): (() => void) => {
	const all = collections.flatMap((collection) => {
		const state = once(() => stateOf(collection));
		const age = async (): Promise<number> => {
			const { oldest } = await state();
			return oldest === undefined ? 0 : Math.max(0, clock.now() - Date.parse(oldest)) / 1_000;
		};
		return [
			measured("outbox_waiting", { collection }, async () => (await state()).waiting),
			measured("outbox_age_seconds", { collection }, age),
		];
	});
	return () => {
		for (const end of all) end();
	};
};
