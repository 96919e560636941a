import { type BrokerOptions, type Context, type Service, ServiceBroker, type ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { DomainEvent, EventDraft } from "../../contracts/events.ts";
import { newId } from "../../contracts/ids.ts";
import type { Bus } from "../../mixins/durable-events/bus.ts";
import { currentBus } from "../../mixins/durable-events/current-bus.ts";
import { durableEvents } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { DurableOptions } from "../../mixins/durable-events/port.ts";
import { store } from "../../mixins/store/store.mixin.ts";
import type { StoreCollection } from "../../mixins/store/store.ts";
import { createEntity, type Entity, mutate, outboxIndex } from "../../mixins/store/versioned.ts";
import type { World } from "./both-buses.ts";
import { quiet } from "./brokers.ts";

// A node with one service that writes entities with events, "notes", and services that consume them.

export type Note = Entity;

export type Consume = (this: Service, event: DomainEvent, ctx: Context<DomainEvent>) => Promise<void> | void;

export interface Consumer {
	name: string;
	durable?: DurableOptions;
	types?: readonly DomainEvent["type"][];
	handler: Consume;
}

export interface EventNode {
	readonly broker: ServiceBroker;
	readonly notes: StoreCollection<Note>;
	readonly bus: Bus;
	/** Writes a new note with this many events in one write; answers the ids of the events. */
	write(events?: number): Promise<string[]>;
	/** Events that are in an outbox and not (known to be) on the bus. */
	unpublished(): Promise<string[]>;
	stop(): Promise<void>;
}

export const noteSpec = { indexes: [outboxIndex] } as const;

export const drafts = (count: number): EventDraft[] =>
	Array.from({ length: count }, (_, index) => ({ type: "user.deleted", subject: `s${index}`, data: { userId: `u${index}` } }));

const writer = ({ profile, settings }: World): ServiceSchema => ({
	name: "notes",
	mixins: [
		durableEvents({ collections: ["notes"], settings, profile }),
		store<{ notes: Note }>({ main: "notes", collections: { notes: noteSpec }, profile }),
	],
});

const consumer = (
	{ profile, settings }: World,
	{ name, durable = {}, types = ["user.deleted"], handler }: Consumer,
): ServiceSchema => ({
	name,
	mixins: [durableEvents({ settings, profile })],
	events: Object.fromEntries(
		types.map((type) => [
			type,
			{
				durable,
				handler(this: Service, ctx: Context<DomainEvent>) {
					return handler.call(this, ctx.params, ctx);
				},
			},
		]),
	),
});

/** A node of only consumers is `startEventNode(world, consumers, { writes: false })`: it has no notes, and refuses to write. */
export const startEventNode = async (
	world: World,
	consumers: readonly Consumer[] = [],
	{ writes = true, ...options }: BrokerOptions & { writes?: boolean } = {},
): Promise<EventNode> => {
	const broker = new ServiceBroker({ ...quiet, ...options });
	if (writes) broker.createService(writer(world));
	for (const one of consumers) broker.createService(consumer(world, one));
	await broker.start();
	const notes = (): StoreCollection<Note> =>
		(broker.getLocalService("notes") as unknown as { store: { notes: StoreCollection<Note> } }).store.notes;
	const bus = currentBus(broker);
	if (!bus) throw new Error("the node has no bus");
	return {
		broker,
		bus,
		get notes() {
			return notes();
		},
		async write(events = 1) {
			const { entity } = await createEntity<Note>(notes(), { _id: newId() }, drafts(events), { at: clock.now() });
			return (entity.outbox ?? []).map(({ id }) => id);
		},
		async unpublished() {
			const found = await notes().find({ where: { "outbox.id": { $exists: true } } });
			return found.flatMap(({ outbox = [] }) => outbox.filter(({ published }) => !published).map(({ id }) => id));
		},
		stop: () => broker.stop(),
	};
};

/** One more event from an entity that is there. */
export const touch = async (notes: StoreCollection<Note>, id: string): Promise<string[]> => {
	const result = await mutate(notes, id, () => ({ events: drafts(1) }), { at: clock.now() });
	return (result?.events ?? []).map((event) => event.id);
};
