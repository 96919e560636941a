import type { EventSchema } from "moleculer";
import { policyOf } from "./policy.ts";
import type { DurableOptions, GroupPolicy } from "./port.ts";
import type { BusSettings } from "./settings.ts";
import "./moleculer-types.ts";

// Which entries of a service's `events:` are durable, and which group each belongs to.

export type Handler = (ctx: never) => unknown;

/** An entry of `events:` after Moleculer has merged the mixins. */
type Entry = Handler | (Omit<EventSchema, "handler"> & { handler?: Handler | Handler[] });

export interface DurableEntry {
	readonly type: string;
	readonly definition: EventSchema;
	readonly handlers: readonly Handler[];
	readonly durable: DurableOptions;
}

export interface DurableGroup {
	readonly policy: GroupPolicy;
	readonly entries: ReadonlyMap<string, DurableEntry>;
}

const isDurable = (entry: Entry): entry is Exclude<Entry, Handler> => typeof entry === "object" && entry.durable !== undefined;

const entryOf = (type: string, entry: Exclude<Entry, Handler>): DurableEntry => {
	const handlers = [entry.handler ?? []].flat();
	if (handlers.length === 0) throw new Error(`durable event ${type} has no handler`);
	if (/[*>\s]/.test(type)) throw new Error(`durable event "${type}": its exact type, without wildcards`);
	// EventSchema knows one handler; the bus calls ours, so what stands there does not matter.
	return { type, definition: { ...entry, handler: undefined } as EventSchema, handlers, durable: entry.durable ?? {} };
};

/** Takes the durable entries out of `events`, so that Moleculer does not subscribe them as well. */
export const takeDurableEntries = (events: Record<string, unknown>): DurableEntry[] => {
	const durable: DurableEntry[] = [];
	for (const [type, entry] of Object.entries(events) as [string, Entry][]) {
		if (!isDurable(entry)) continue;
		durable.push(entryOf(type, entry));
		delete events[type];
	}
	return durable;
};

/** Throws when the blocks of one group contradict each other. */
export const groupEntries = (
	service: string,
	entries: readonly DurableEntry[],
	settings: Pick<BusSettings, "groups">,
): DurableGroup[] => {
	const byGroup = Map.groupBy(entries, ({ durable }) => durable.group ?? service);
	return [...byGroup].map(([group, members]) => ({
		policy: policyOf(
			group,
			members.map(({ durable }) => durable),
			settings,
		),
		entries: new Map(members.map((entry) => [entry.type, entry])),
	}));
};
