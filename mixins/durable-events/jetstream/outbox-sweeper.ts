import { clock } from "../../../config/clock.ts";
import { everyUnderLease, type LeasedJob } from "../../lease/every-under-lease.ts";
import type { BusLogger, OutboxEntity, OutboxSource } from "../bus.ts";
import { outboxPages } from "../outbox-pages.ts";
import { mark, type OutboxUpdate, postpone, takeOut } from "../outbox-updates.ts";
import type { OutboxEvent } from "../port.ts";
import type { BusSettings } from "../settings.ts";
import { isTooLarge } from "./errors.ts";
import { type Doubt, History } from "./history.ts";
import { carries } from "./names.ts";
import type { Publisher } from "./publisher.ts";
import type { Streams } from "./streams.ts";

export interface OutboxSweeperOptions {
	source: OutboxSource;
	publisher: Publisher;
	streams: Streams;
	settings: BusSettings;
	/** False while there is no bus to publish on: rounds are left out. */
	connected: () => boolean;
	logger: BusLogger;
}

interface EntityEvent {
	entity: OutboxEntity;
	event: OutboxEvent;
}

/**
 * Looks after the outboxes of one collection, on one node at a time: publishes what a dead writer left behind, publishes again
 * what the stream has lost, and takes out what has been on the stream long enough. Two at once do no harm: message ids are the
 * same for both, and every update is filtered on what was read.
 */
export class OutboxSweeper {
	readonly #options: OutboxSweeperOptions;
	readonly #history: History;
	readonly #job: LeasedJob;

	constructor(options: OutboxSweeperOptions) {
		this.#options = options;
		const { source, settings, logger } = options;
		this.#history = new History(options.streams, source);
		this.#job = everyUnderLease({
			name: `outbox:${source.collection.name}`,
			leases: source.records.leases,
			timeoutMs: settings.leaseTimeout,
			everyMs: settings.outboxSweepEvery,
			run: (signal, epoch) => this.#round(signal, epoch),
			logger,
		});
	}

	/** See History.doubt. */
	doubt(): void {
		this.#history.doubt();
		this.#job.wake();
	}

	stop(): Promise<void> {
		return this.#job.stop();
	}

	async #round(signal: AbortSignal, epoch: number): Promise<void> {
		this.#history.term(epoch);
		await this.sweep(signal);
	}

	/** One round; also for tests, which let two of them race. */
	async sweep(signal: AbortSignal): Promise<void> {
		if (!this.#options.connected()) return;
		const { state, doubt } = await this.#history.check();
		if (doubt) await this.#audit(doubt, signal);
		if (!signal.aborted) await this.#history.settle(state);
		for await (const page of outboxPages(this.#options.source, { until: clock.now() })) {
			if (signal.aborted) return;
			await this.#tend(page);
		}
	}

	/** Every marked event that the doubt covers: is it there? */
	async #audit(doubt: Doubt, signal: AbortSignal): Promise<void> {
		let lost = 0;
		for await (const page of outboxPages(this.#options.source, {})) {
			if (signal.aborted) return;
			const covered = eventsOf(page).filter(({ event: { published } }) => published && isCovered(published, doubt));
			lost += await this.#publish(await this.#missing(covered));
		}
		const { source, logger } = this.#options;
		if (lost > 0) logger.warn(`the stream has lost ${lost} events of ${source.collection.name}: they were published again`);
	}

	async #tend(page: readonly OutboxEntity[]): Promise<void> {
		const now = clock.now();
		const leaving = now - this.#options.settings.outboxKeep;
		const orphans = eventsOf(page).filter(({ event }) => !event.published);
		const old = eventsOf(page).filter(({ event }) => event.published && event.published.at <= leaving);
		const missing = await this.#missing(old);
		await this.#publish([...orphans, ...missing]);
		// Those just published come again with the next round, as it stands in the database then.
		const busy = new Set([...orphans, ...missing].map(({ entity }) => entity));
		const rest = page.filter((entity) => !busy.has(entity)).map((entity) => this.#tidy(entity, leaving));
		if (rest.length > 0) await this.#options.source.collection.updateMany(rest);
	}

	/** For an entity whose events are all published, and still on the stream as far as they are old. */
	#tidy(entity: OutboxEntity, leaving: number): OutboxUpdate {
		const marks = (entity.outbox ?? []).map(({ id, published }) => ({ id, at: published?.at ?? Number.NaN }));
		const stay = marks.filter(({ at }) => at > leaving);
		const go = marks.filter(({ at }) => at <= leaving).map(({ id }) => id);
		const dueAt = stay.length > 0 ? Math.min(...stay.map(({ at }) => at)) + this.#options.settings.outboxKeep : null;
		return go.length === 0 && dueAt !== null ? postpone(entity, dueAt) : takeOut(entity, go, dueAt);
	}

	/**
	 * Answers how many. What the bus refuses now comes again with the next round. What it will never take holds nobody else up: it
	 * stays where it is, and in the log.
	 */
	async #publish(events: readonly EntityEvent[]): Promise<number> {
		const { source, publisher, logger } = this.#options;
		if (events.length === 0) return 0;
		const results = await Promise.allSettled(events.map(({ event }) => publisher.publish(event)));
		const marks: OutboxUpdate[] = [];
		const refusals: unknown[] = [];
		for (const [index, { entity, event }] of events.entries()) {
			const result = results[index];
			if (result?.status === "fulfilled") marks.push(mark(entity._id, event.id, result.value));
			else if (isTooLarge(result?.reason))
				logger.error(`${event.type} ${event.id} is larger than the bus takes:`, result?.reason);
			else refusals.push(result?.reason);
		}
		if (marks.length > 0) await source.collection.updateMany(marks);
		if (refusals.length > 0) throw refusals[0];
		return marks.length;
	}

	async #missing(events: readonly EntityEvent[]): Promise<EntityEvent[]> {
		const there = await Promise.all(events.map(({ event }) => this.#isThere(event)));
		return events.filter((_event, index) => !there[index]);
	}

	async #isThere({ id, published }: OutboxEvent): Promise<boolean> {
		const { streams } = this.#options;
		if (!published || published.stream !== streams.eventsId) return false;
		const message = await streams.messageIdAt(published.seq);
		if (message !== null) return carries(message, id);
		const { firstSeq, lastSeq } = await streams.look();
		return published.seq < firstSeq && published.seq <= lastSeq; // it had its time on the stream
	}
}

const eventsOf = (page: readonly OutboxEntity[]): EntityEvent[] =>
	page.flatMap((entity) => (entity.outbox ?? []).map((event) => ({ entity, event })));

const isCovered = ({ stream, seq }: NonNullable<OutboxEvent["published"]>, doubt: Doubt): boolean =>
	stream !== doubt.stream || seq > doubt.after;
