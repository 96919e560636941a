import type { Service, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import { DomainError } from "../../contracts/errors.ts";
import { count, observe } from "../metrics/metrics.ts";
import type { StoreControl } from "../store/store.ts";
import type { StoreProfile } from "../store/store-profile.ts";
import type { Bus, OutboxEntity, RecordStore } from "./bus.ts";
import { acquireBus, receiving, releaseBus } from "./current-bus.ts";
import { type DurableEntry, type DurableGroup, groupEntries, takeDurableEntries } from "./durable-entries.ts";
import { eventHandler } from "./event-handler.ts";
import { groupGauges, outboxGauges } from "./gauges.ts";
import type { Delivery, Handle, Subscription } from "./port.ts";
import { openRecords } from "./record-store.ts";
import { type BusSettings, currentBusSettings } from "./settings.ts";

// What a service mixes in to send and to receive durable events. List it before the store mixin, which thereby starts earlier
// and stops later.

export interface DurableEventsOptions {
	/** Collections of `this.store` whose entities carry events; their specs have `outboxIndex` (mixins/store/versioned.ts). */
	collections?: readonly string[];
	/** Default: the environment's. */
	settings?: Partial<BusSettings>;
	/** Where the bus keeps its records. Default: `currentStoreProfile()`. */
	profile?: StoreProfile;
}

/** Members of `this` in a service with this mixin. */
export interface DurableEventsMembers {
	/** Null while the service is not started. */
	bus: Bus | null;
}

type This = Service & DurableEventsMembers & { store: StoreControl };

/** What a started service has to undo, in the order in which it was done. */
type Undo = () => Promise<void>;

interface Plan {
	readonly groups: readonly DurableGroup[];
	readonly settings: BusSettings;
}

interface Running {
	readonly stopping: AbortController;
	readonly undo: Undo[];
}

const handleOf = (service: Service, { policy, entries }: DurableGroup): Handle => {
	const handlers = new Map([...entries].map(([type, entry]) => [type, eventHandler(service, entry, policy.group)]));
	return async (delivery) => {
		const handler = handlers.get(delivery.event.type);
		if (!handler) throw new Error(`${service.name} has no handler for ${delivery.event.type} (any more)`);
		await counted(policy.group, delivery, () => handler(delivery));
	};
};

/** A code of ours, or the class of the error: never its words, which may name anything. */
const reasonOf = (error: unknown): string =>
	error instanceof DomainError ? error.code : error instanceof Error ? error.name : "other";

const counted = async (group: string, { tries }: Delivery, work: () => Promise<void>): Promise<void> => {
	const began = performance.now();
	try {
		await work();
		count("events_total", { group, outcome: "done", reason: "" });
		observe("event_attempts", { group }, tries);
	} catch (error) {
		count("events_total", { group, outcome: "failed", reason: reasonOf(error) });
		throw error;
	} finally {
		observe("event_duration_seconds", { group }, (performance.now() - began) / 1_000);
	}
};

const subscriptionOf = (service: Service, group: DurableGroup): Subscription => ({
	policy: group.policy,
	service: service.name,
	types: [...group.entries.keys()],
	handle: handleOf(service, group),
});

const addSources = async (
	service: This,
	bus: Bus,
	collections: readonly string[],
	records: RecordStore,
	undo: Undo[],
): Promise<void> => {
	for (const name of collections) {
		undo.push(await bus.addSource({ collection: service.store.collection<OutboxEntity>(name), records }));
	}
	if (collections.length === 0) return;
	const swept = new Set(collections);
	service.store.onEvents = (collection, id, events) => {
		if (swept.has(collection)) bus.publish(collection, id, events);
		else service.logger.error(`${collection} has events, but durableEvents() does not name it: nobody sends them`);
	};
	undo.push(async () => {
		service.store.onEvents = undefined;
	});
};

const start = async (
	service: This,
	{ collections = [], profile }: DurableEventsOptions,
	{ groups, settings }: Plan,
	{ stopping, undo }: Running,
): Promise<void> => {
	undo.push(() => releaseBus(service.broker));
	const bus = await acquireBus(service.broker, settings);
	service.bus = bus;
	undo.push(async () => {
		service.bus = null;
	});
	const received = receiving(service.broker, service);
	if (groups.length === 0 && collections.length === 0) {
		undo.push(received);
		return;
	}
	const { records, store } = await openRecords(service.name, profile, stopping.signal, service.logger);
	undo.push(() => store.close());
	await addSources(service, bus, collections, records, undo);
	undo.push(received);
	for (const group of groups) undo.push(await bus.subscribe(subscriptionOf(service, group), records));
	const gauges = [
		groupGauges(
			bus,
			groups.map(({ policy }) => policy.group),
		),
		outboxGauges(collections, (name) => outboxState(service, name)),
	];
	undo.push(async () => {
		for (const end of gauges) end();
	});
	if (service.broker.started) bus.ready();
};

/** Of the entities of one collection; answer of `<service>.outboxStates`. */
export interface OutboxState {
	collection: string;
	/** How many have events that should have left by now. */
	waiting: number;
	/** Since when the oldest of them should have, ISO 8601. */
	oldest?: string;
}

const outboxState = async ({ store }: This, collection: string): Promise<OutboxState> => {
	const rows = store.collection<OutboxEntity>(collection);
	const where = { outboxAt: { $lte: clock.now() } };
	const [waiting, [first]] = await Promise.all([rows.count(where), rows.find({ where, sort: [["outboxAt", 1]], limit: 1 })]);
	return { collection, waiting, ...(first?.outboxAt !== undefined && { oldest: new Date(first.outboxAt).toISOString() }) };
};

/** Backwards: first no more deliveries, and those in flight done, of all services; then no more events; then the collections and the bus. */
const stop = async (service: This, { stopping, undo }: Running): Promise<void> => {
	stopping.abort();
	for (let step = undo.pop(); step; step = undo.pop()) {
		await step().catch((error) => service.logger.error("durable events: stopping:", error));
	}
};

/**
 * Durable events: entries of `events:` with a `durable` block are taken from Moleculer and come over the bus instead, at least once,
 * to one node of each group, again after a failure, and to the dead letters after the last try. Plain entries stay what they are.
 *
 *     events: { "order.placed": { durable: { tries: 5 }, async handler(ctx: Context<DomainEvent<"order.placed">>) { … } } }
 *
 * A handler may see an event twice (the process died after the work, before it was recorded) and events of one entity side by
 * side or in another order: what it does is keyed by the event. When something it needs is away (see outage.ts) it is called
 * again until it is back, without counting tries.
 *
 * Sends what `createEntity` and `mutate` put into the outboxes of `collections`.
 */
export const durableEvents = (options: DurableEventsOptions = {}): Partial<ServiceSchema> => {
	const entries = new WeakMap<Service, DurableEntry[]>();
	const plans = new WeakMap<Service, Plan>();
	const running = new WeakMap<Service, Running>();
	const schema = {
		merged(this: Service, merged: ServiceSchema) {
			entries.set(this, takeDurableEntries(merged.events ?? {}));
		},
		created(this: This) {
			const settings = { ...currentBusSettings(), ...options.settings };
			plans.set(this, { groups: groupEntries(this.name, entries.get(this) ?? [], settings), settings });
			this.bus = null;
		},
		async started(this: This) {
			const plan = plans.get(this);
			if (!plan) throw new Error("durable events: started before it was created");
			const state = { stopping: new AbortController(), undo: [] };
			running.set(this, state);
			try {
				await start(this, options, plan, state);
			} catch (error) {
				await stop(this, state); // a start may fail and be tried again
				throw error;
			}
		},
		async stopped(this: This) {
			const state = running.get(this);
			if (state) await stop(this, state);
		},
		// Only where there are any: whoever lists them asks the services that have the action.
		...(options.collections?.length && {
			actions: {
				outboxStates: {
					visibility: "public",
					cache: false,
					handler(this: This): Promise<OutboxState[]> {
						return Promise.all((options.collections ?? []).map((name) => outboxState(this, name)));
					},
				},
			},
		}),
		events: {
			"$broker.started": {
				handler(this: This) {
					this.bus?.ready();
				},
			},
		},
	};
	return schema as unknown as Partial<ServiceSchema>; // the one cast: Moleculer's types know no `merged` and no types of mixins
};
