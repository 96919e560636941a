import { clock } from "../../config/clock.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import {
	type Bus,
	type BusLogger,
	type BusRecord,
	bareEvent,
	type OutboxEntity,
	type OutboxSource,
	type RecordStore,
} from "./bus.ts";
import { expireRecords } from "./expiry.ts";
import { LocalDeadLetters } from "./local/local-dead-letters.ts";
import { forgetInRecords } from "./local/local-forgetting.ts";
import { LocalGroup } from "./local/local-group.ts";
import { LocalOutbox } from "./local/local-outbox.ts";
import type { LocalRecords } from "./local/local-records.ts";
import { RecentIds } from "./local/recent-ids.ts";
import { outboxPages } from "./outbox-pages.ts";
import type { DeadLetters, GroupHealth, OutboxEvent, Subscription } from "./port.ts";
import type { BusSettings } from "./settings.ts";

/** An event on its way to its groups. */
interface Tracked {
	readonly event: DomainEvent;
	readonly entityId: string;
	readonly outbox: LocalOutbox;
	readonly pending: Set<LocalGroup>;
}

interface Found {
	entityId: string;
	event: OutboxEvent;
}

type RecordsByGroup = ReadonlyMap<LocalGroup, ReadonlyMap<string, BusRecord>>;

/** Beyond this many, events stay in their outboxes, and the sweep brings them when there is room. */
const maxTracked = 10_000;

const isOver = (record: BusRecord | undefined): boolean => record?.state === "done" || record?.state === "dead";

/**
 * Durable events in one process: the bus of the embedded profile. Events are handed over from the outbox that they were written
 * into, and leave it when every group that subscribes has handled them; so the outbox is the queue, and nothing has to be published.
 * No lease is needed: the store belongs to this process.
 */
export class LocalBus implements Bus {
	readonly connected = true;
	readonly deadLetters: DeadLetters;
	readonly #settings: BusSettings;
	readonly #logger: BusLogger;
	readonly #outboxes = new Map<string, LocalOutbox>();
	/** Also those that have been stopped: what they have not handled stays in its outbox. */
	readonly #groups = new Map<string, LocalGroup>();
	readonly #tracked = new Map<string, Tracked>();
	readonly #recent = new RecentIds();
	#ready = false;
	#sweeping: Promise<void> = Promise.resolve();
	#timer: NodeJS.Timeout | undefined;
	#deadAt = 0;

	constructor(settings: BusSettings, logger: BusLogger) {
		this.#settings = settings;
		this.#logger = logger;
		const inboxes = () => new Set([...this.#groups.values()].filter(({ active }) => active).map(({ store }) => store.inbox));
		this.deadLetters = new LocalDeadLetters(inboxes, (record) => this.#deliverRecord(record));
	}

	async addSource(source: OutboxSource): Promise<() => Promise<void>> {
		const { name } = source.collection;
		if (this.#outboxes.has(name)) throw new Error(`two services send events from the collection ${name}`);
		const outbox = new LocalOutbox(source);
		this.#outboxes.set(name, outbox);
		if (this.#ready) this.#sweepSoon([outbox]);
		return async () => {
			this.#outboxes.delete(name);
			await this.#sweeping;
			await outbox.drain();
		};
	}

	publish(collection: string, entityId: string, events: readonly OutboxEvent[]): void {
		const outbox = this.#outboxes.get(collection);
		if (!outbox || !this.#ready) return;
		for (const event of events) this.#offer(outbox, { entityId, event });
	}

	async subscribe(subscription: Subscription, records: RecordStore): Promise<() => Promise<void>> {
		const { group: name } = subscription.policy;
		if (this.#groups.get(name)?.active) throw new Error(`two services of this process share the consumer group "${name}"`);
		const nextDeadAt = (): number => {
			this.#deadAt = Math.max(clock.now(), this.#deadAt + 1);
			return this.#deadAt;
		};
		const group = new LocalGroup({ subscription, records, nextDeadAt, logger: this.#logger });
		this.#groups.set(name, group);
		const stopExpiry = expireRecords(records, this.#logger);
		if (this.#ready) this.#catchUp([group]);
		return async () => {
			for (const outbox of this.#outboxes.values()) outbox.hurry();
			await group.stop();
			await stopExpiry();
		};
	}

	wants(type: string): boolean {
		return !this.#ready || [...this.#groups.values()].some((group) => group.wants(type));
	}

	async subscribeDocuments(): Promise<() => Promise<void>> {
		return async () => undefined; // there is no bus that another program could reach
	}

	ready(): void {
		if (this.#ready) return;
		this.#ready = true;
		this.#catchUp([...this.#groups.values()]);
		this.#timer = setInterval(() => {
			if (this.#tracked.size < maxTracked / 2) this.#sweepSoon([...this.#outboxes.values()], clock.now());
		}, this.#settings.outboxSweepEvery);
	}

	async health(): Promise<GroupHealth[]> {
		return [...this.#groups.values()].map(({ health }) => health);
	}

	async forget(gone: ReadonlySet<string>): Promise<number> {
		const inboxes = new Map([...this.#groups.values()].map(({ store, policy }) => [store.inbox, policy.dedupeMs]));
		let count = 0;
		for (const [inbox, dedupeMs] of inboxes) count += await forgetInRecords(inbox, gone, clock.now() + dedupeMs);
		return count;
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		this.#ready = false;
		await this.#sweeping;
	}

	/** What waited for these groups while they were not there. */
	#catchUp(groups: readonly LocalGroup[]): void {
		for (const group of groups) {
			this.#join(group).catch((error) =>
				this.#logger.error(`group ${group.name} could not catch up with what is under way:`, error),
			);
			this.#bringRetried(group).catch((error) =>
				this.#logger.error(`retried dead letters of ${group.name} could not be read:`, error),
			);
		}
		this.#sweepSoon([...this.#outboxes.values()]);
	}

	/** Events that are under way without this group, or with the one of its name that was stopped. */
	async #join(group: LocalGroup): Promise<void> {
		const joined = [...this.#tracked.values()].filter(({ event, pending }) => group.wants(event.type) && !pending.has(group));
		if (joined.length === 0) return;
		for (const { pending } of joined) {
			for (const other of pending) if (other.name === group.name) pending.delete(other);
			pending.add(group); // before anything is awaited: from here on the event cannot leave without it
		}
		const records = await group.records.find(joined.map(({ event }) => event.id));
		for (const tracked of joined) {
			const record = records.get(tracked.event.id);
			if (isOver(record)) await this.#ended(tracked, group, group.records, false);
			else this.#deliver(tracked, group, record, true);
		}
	}

	async #bringRetried(group: LocalGroup): Promise<void> {
		for (const record of await group.records.findRetried()) this.#deliverRecord(record);
	}

	/** One sweep after the other. `until` in epoch ms; left out: all outboxes, due or not. */
	#sweepSoon(outboxes: readonly LocalOutbox[], until?: number): void {
		this.#sweeping = this.#sweeping.then(async () => {
			this.#recent.nextRound();
			for (const outbox of outboxes) await this.#sweep(outbox, until);
		});
		this.#sweeping = this.#sweeping.catch((error) =>
			this.#logger.error("outboxes could not be swept, the next round comes:", error),
		);
	}

	async #sweep(outbox: LocalOutbox, until: number | undefined): Promise<void> {
		for await (const page of outboxPages(outbox.source, until === undefined ? {} : { until })) {
			if (!this.#ready) return;
			await outbox.settle(page.filter((entity) => !entity.outbox?.length));
			const found = eventsOf(page).filter(({ event }) => !this.#isKnown(event.id));
			const records = await this.#recordsOf(found);
			for (const item of found) this.#offer(outbox, item, records);
		}
	}

	async #recordsOf(found: readonly Found[]): Promise<RecordsByGroup> {
		const groups = [...this.#groups.values()];
		const pairs = groups.map(async (group) => {
			const ids = found.filter(({ event }) => group.wants(event.type)).map(({ event }) => event.id);
			return [group, ids.length > 0 ? await group.records.find(ids) : new Map()] as const;
		});
		return new Map(await Promise.all(pairs));
	}

	#isKnown(eventId: string): boolean {
		return this.#tracked.has(eventId) || this.#recent.has(eventId);
	}

	/** `records`: the event was found by a sweep. */
	#offer(outbox: LocalOutbox, { entityId, event }: Found, records?: RecordsByGroup): void {
		if (this.#isKnown(event.id) || this.#tracked.size >= maxTracked) return;
		const recordOf = (group: LocalGroup): BusRecord | undefined => records?.get(group)?.get(event.id);
		const groups = [...this.#groups.values()].filter((group) => group.wants(event.type) && !isOver(recordOf(group)));
		const tracked: Tracked = { event: bareEvent(event), entityId, outbox, pending: new Set(groups) };
		if (groups.length === 0) this.#noneWantsIt(tracked);
		if (!groups.some(({ active }) => active)) return;
		this.#tracked.set(event.id, tracked);
		for (const group of groups) this.#deliver(tracked, group, recordOf(group), records !== undefined);
	}

	#deliver(tracked: Tracked, group: LocalGroup, record: BusRecord | undefined, found: boolean): void {
		const job = {
			event: tracked.event,
			tries: record?.tries ?? 0,
			...(record?.firstAt === undefined ? {} : { firstAt: record.firstAt }),
			detached: false,
			found,
			recorded: record !== undefined,
			ended: (records: LocalRecords, recorded: boolean) => this.#ended(tracked, group, records, recorded),
		};
		group.take(job, record?.dueAt);
	}

	/** A dead letter that is tried again: its record is all there is of it. */
	#deliverRecord({ _id, event, tries = 0, firstAt, dueAt }: BusRecord): void {
		const group = [...this.#groups].find(([name]) => _id === `${name}:${event?.id}`)?.[1];
		if (!group || !event) return;
		const ended = (records: LocalRecords, recorded: boolean): Promise<void> =>
			recorded ? records.done(event.id) : Promise.resolve();
		const job = {
			event,
			tries,
			...(firstAt === undefined ? {} : { firstAt }),
			detached: true,
			found: true,
			recorded: true,
			ended,
		};
		group.take(job, dueAt);
	}

	async #ended(tracked: Tracked, group: LocalGroup, records: LocalRecords, recorded: boolean): Promise<void> {
		const { event, pending, outbox, entityId } = tracked;
		pending.delete(group);
		if (recorded) await records.done(event.id);
		if (pending.size === 0) {
			await outbox.handled(entityId, event.id);
			this.#forget(event.id);
			return;
		}
		if (!recorded) await records.doneSoon(event.id, () => pending.size > 0);
		// Nobody at work on it any more: it waits in its outbox for groups that have been stopped.
		if (pending.size > 0 && ![...pending].some(({ active }) => active)) this.#forget(event.id);
	}

	#noneWantsIt({ event, entityId, outbox }: Tracked): void {
		this.#forget(event.id);
		outbox
			.handled(entityId, event.id)
			.catch((error) => this.#logger.warn(`${event.type} ${event.id} is left to the sweep:`, error));
	}

	#forget(eventId: string): void {
		this.#tracked.delete(eventId);
		this.#recent.add(eventId);
	}
}

const eventsOf = (page: readonly OutboxEntity[]): Found[] =>
	page.flatMap(({ _id, outbox = [] }) => outbox.map((event) => ({ entityId: _id, event })));
