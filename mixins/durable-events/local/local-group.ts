import { clock } from "../../../config/clock.ts";
import type { DomainEvent } from "../../../contracts/events.ts";
import { count, observe } from "../../metrics/metrics.ts";
import { inScope, scopeFrom } from "../../tracing/scope.ts";
import { backoffDelay } from "../backoff.ts";
import type { BusLogger, RecordStore } from "../bus.ts";
import { describeError } from "../errors.ts";
import { InFlight } from "../in-flight.ts";
import { isOutage } from "../outage.ts";
import { patiently, Stopping } from "../patience.ts";
import type { GroupHealth, GroupPolicy, Subscription } from "../port.ts";
import { fixed } from "../settings.ts";
import { LocalRecords, type Waiting } from "./local-records.ts";

/** One event for one group. */
export interface Job {
	readonly event: DomainEvent;
	/** Deliveries so far. */
	tries: number;
	firstAt?: string;
	/** The event has left its outbox (a dead letter that is tried again): the record must carry it. */
	readonly detached: boolean;
	/** It was found, not handed over: whoever had it before may have died of it, so the try is written down before it is made. */
	readonly found: boolean;
	/** A record of it exists, and has to be brought to an end with it. */
	recorded: boolean;
	/** Called when the event is done with, well or not, for this group. */
	readonly ended: (records: LocalRecords, recorded: boolean) => Promise<void>;
}

export interface LocalGroupOptions {
	subscription: Subscription;
	records: RecordStore;
	/** Grows with every call: dead letters are listed by it. */
	nextDeadAt: () => number;
	logger: BusLogger;
}

const iso = (): string => new Date(clock.now()).toISOString();

/** A consumer group of the embedded bus: so many at a time, in the order in which they came, failures later. */
export class LocalGroup {
	readonly #options: LocalGroupOptions;
	readonly records: LocalRecords;
	readonly #jobs = new Map<string, Job>();
	readonly #next = new Map<string, Job>();
	readonly #queue: Job[] = [];
	readonly #timers = new Map<Job, NodeJS.Timeout>();
	/** Until all about an event is written down, which holds up no other. */
	readonly #inFlight = new InFlight();
	/** Handlers at work. */
	#working = 0;
	readonly #stopping = new AbortController();

	constructor(options: LocalGroupOptions) {
		this.#options = options;
		this.records = new LocalRecords(options.subscription.policy, options.records.inbox);
	}

	get name(): string {
		return this.#options.subscription.policy.group;
	}

	get policy(): GroupPolicy {
		return this.#options.subscription.policy;
	}

	get active(): boolean {
		return !this.#stopping.signal.aborted;
	}

	get store(): RecordStore {
		return this.#options.records;
	}

	wants(type: string): boolean {
		return this.#options.subscription.types.includes(type);
	}

	get health(): GroupHealth {
		const { policy, service } = this.#options.subscription;
		const inFlight = this.#inFlight.size;
		return { group: policy.group, service, ok: this.active, lag: this.#jobs.size - inFlight, inFlight };
	}

	/** `dueAt` in epoch ms; left out: now. */
	take(job: Job, dueAt = 0): void {
		if (!this.active) return;
		if (this.#jobs.has(job.event.id)) {
			// A dead letter may be on the list, and be tried again, before the job that it comes from has quite ended.
			if (job.detached) this.#next.set(job.event.id, job);
			return;
		}
		this.#jobs.set(job.event.id, job);
		const wait = dueAt - clock.now();
		if (wait > 0) this.#later(job, wait);
		else this.#enqueue(job);
	}

	async stop(): Promise<void> {
		this.#stopping.abort();
		for (const timer of this.#timers.values()) clearTimeout(timer);
		this.#queue.length = 0;
		const { policy } = this.#options.subscription;
		this.records.hurry();
		const all = await this.#inFlight.drained(fixed.drainMs);
		if (!all)
			this.#options.logger.warn(
				`group ${policy.group}: stopped with ${this.#inFlight.size} handlers at work; their events come again`,
			);
		await this.records.drain();
	}

	#enqueue(job: Job): void {
		this.#queue.push(job);
		this.#fill();
	}

	#fill(): void {
		while (this.active && this.#working < this.#options.subscription.policy.concurrency) {
			const job = this.#queue.shift();
			if (!job) return;
			// Not for whoever happens to make room: what is logged about it is part of what it came of.
			const { requestid, traceparent } = job.event;
			this.#inFlight.add(inScope(scopeFrom(requestid, traceparent), () => this.#handle(job)));
		}
	}

	async #handle(job: Job): Promise<void> {
		try {
			const settle = await this.#inSlot(() => this.#try(job));
			await settle();
		} catch (error) {
			// Its own book-keeping failed, or we are being stopped; either way the event has not ended.
			if (error instanceof Stopping) return;
			this.#options.logger.error(`group ${this.#options.subscription.policy.group}: ${job.event.type} ${job.event.id}:`, error);
			this.#later(job, this.#delay(job));
		}
	}

	/** What is written down about an event afterwards travels with that of many others: no handler waits for it. */
	async #inSlot<T>(work: () => Promise<T>): Promise<T> {
		this.#working += 1;
		try {
			return await work();
		} finally {
			this.#working -= 1;
			setImmediate(() => this.#fill());
		}
	}

	/** Answers what is to be written down. */
	async #try(job: Job): Promise<() => Promise<void>> {
		const { policy } = this.#options.subscription;
		job.tries += 1;
		job.firstAt ??= iso();
		if (job.tries > policy.tries + fixed.lostDeliveries) {
			return () => this.#bury(job, `${job.tries} deliveries, the last of them without any outcome`);
		}
		if (job.found) await this.#patiently(() => this.#note(job, { dueAt: clock.now() }));
		try {
			await this.#run(job);
		} catch (error) {
			if (error instanceof Stopping) throw error;
			return () => this.#failed(job, error);
		}
		return () => this.#end(job);
	}

	#run(job: Job): Promise<void> {
		const { subscription, logger } = this.#options;
		const { event, tries } = job;
		// A copy: what a handler does to its event must not reach the writer's entity or another group.
		return patiently(() => subscription.handle({ event: structuredClone(event), tries }), {
			heals: isOutage,
			signal: this.#stopping.signal,
			onWait: (error) =>
				logger.warn(`group ${subscription.policy.group}: ${event.type} ${event.id} waits for what is away:`, error),
		});
	}

	async #failed(job: Job, error: unknown): Promise<void> {
		const { subscription, logger } = this.#options;
		const { policy } = subscription;
		logger.warn(`group ${policy.group}: try ${job.tries} of ${policy.tries} of ${job.event.type} ${job.event.id} failed:`, error);
		if (job.tries >= policy.tries) return this.#bury(job, describeError(error));
		const wait = this.#delay(job);
		await this.#note(job, { dueAt: clock.now() + wait, error: describeError(error) });
		this.#later(job, wait);
	}

	/** The event ends only when its dead letter is stored; if it cannot be, there is one more try. */
	async #bury(job: Job, error: string): Promise<void> {
		const { policy } = this.#options.subscription;
		const { event, tries, firstAt = iso() } = job;
		const facts = { group: policy.group, subject: event.type, entity: event.subject, eventId: event.id };
		await this.records.dead(event.id, { ...facts, error, tries, firstAt, lastAt: iso(), event }, this.#options.nextDeadAt());
		count("events_total", { group: policy.group, outcome: "dead", reason: "" });
		observe("event_attempts", { group: policy.group }, tries);
		job.recorded = false; // the record has come to its end already
		await this.#end(job);
	}

	async #end(job: Job): Promise<void> {
		await this.#patiently(() => job.ended(this.records, job.recorded));
		this.#jobs.delete(job.event.id);
		const next = this.#next.get(job.event.id);
		this.#next.delete(job.event.id);
		if (next) this.take(next);
	}

	async #note(job: Job, due: Pick<Waiting, "dueAt" | "error">): Promise<void> {
		const { event, tries, firstAt = iso() } = job;
		await this.records.waiting(event.id, { tries, firstAt, ...due, ...(job.detached ? { event } : {}) });
		job.recorded = true;
	}

	#later(job: Job, ms: number): void {
		if (!this.active) return;
		const timer = setTimeout(() => {
			this.#timers.delete(job);
			this.#enqueue(job);
		}, ms);
		this.#timers.set(job, timer);
	}

	#delay(job: Job): number {
		return backoffDelay(job.tries, this.#options.subscription.policy.backoffMs);
	}

	#patiently<T>(step: () => Promise<T>): Promise<T> {
		const { subscription, logger } = this.#options;
		return patiently(step, {
			heals: () => true,
			signal: this.#stopping.signal,
			onWait: (error) => logger.warn(`group ${subscription.policy.group}: its records are out of reach:`, error),
		});
	}
}
