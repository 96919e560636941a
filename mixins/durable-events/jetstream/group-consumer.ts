import { AckPolicy, DeliverPolicy, type JetStreamManager, type NatsConnection, nanos } from "nats";
import type { DomainEvent } from "../../../contracts/events.ts";
import { count, observe } from "../../metrics/metrics.ts";
import { inScope, scopeFrom } from "../../tracing/scope.ts";
import { backoffDelay } from "../backoff.ts";
import type { BusLogger, RecordStore } from "../bus.ts";
import { describeError } from "../errors.ts";
import { InFlight } from "../in-flight.ts";
import { isOutage } from "../outage.ts";
import { patiently, Stopping } from "../patience.ts";
import type { GroupHealth, Subscription } from "../port.ts";
import { fixed } from "../settings.ts";
import { ensureConsumer, type GroupConfig } from "./consumer-config.ts";
import type { DeadLetterWriter } from "./dead-letter-writer.ts";
import type { JetStreamDelivery } from "./delivery.ts";
import { Inbox } from "./inbox.ts";
import type { Names } from "./names.ts";
import { traceHeader } from "./publisher.ts";
import { Puller } from "./puller.ts";
import type { Streams } from "./streams.ts";

export interface GroupConsumerOptions {
	connection: NatsConnection;
	jsm: JetStreamManager;
	names: Names;
	streams: Streams;
	deadLetters: DeadLetterWriter;
	ackWait: number;
	subscription: Subscription;
	records: RecordStore;
	logger: BusLogger;
}

/** Naks with a delay count as pending, so this also bounds how many failing events may wait before the group stands still. */
const maxPending = 2_000;

const isEvent = (value: unknown): value is DomainEvent =>
	typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" && "type" in value;

/** One consumer group in this process: fetches, hands over, and says how it ended. */
export class GroupConsumer {
	readonly #options: GroupConsumerOptions;
	readonly #puller: Puller;
	readonly #inbox: Inbox;
	readonly #inFlight = new InFlight();
	readonly #held = new Set<JetStreamDelivery>();
	readonly #stopping = new AbortController();
	readonly #working: NodeJS.Timeout;

	constructor(options: GroupConsumerOptions) {
		this.#options = options;
		const { connection, names, subscription, records, logger, ackWait } = options;
		const { policy } = subscription;
		this.#inbox = new Inbox(policy, records.inbox);
		this.#puller = new Puller({
			connection,
			consumer: `${names.eventsStream}.${policy.group}`,
			room: () => policy.concurrency - this.#held.size,
			take: (delivery) => this.#take(delivery),
			ensure: () => this.#ensure(),
			logger,
		});
		this.#working = setInterval(() => this.#sayWorking(), ackWait / 10);
	}

	start(): void {
		this.#puller.start();
	}

	/** After a reconnect the open request is gone, and perhaps the consumer. */
	restart(): void {
		this.#puller.restart();
	}

	get health(): Pick<GroupHealth, "ok" | "inFlight"> {
		return { ok: this.#puller.pulling, inFlight: this.#held.size };
	}

	async stop(): Promise<void> {
		const { policy } = this.#options.subscription;
		this.#stopping.abort();
		await this.#puller.stop();
		const all = await this.#inFlight.drained(fixed.drainMs);
		if (!all)
			this.#options.logger.warn(
				`group ${policy.group}: stopped with ${this.#held.size} handlers at work; their events come again`,
			);
		clearInterval(this.#working);
		await this.#inbox.drain();
	}

	async #ensure(): Promise<void> {
		const { jsm, names, streams } = this.#options;
		await streams.look();
		await ensureConsumer(jsm, names.eventsStream, this.#config());
	}

	#config(): GroupConfig {
		const { names, ackWait, subscription } = this.#options;
		const { policy, service, types } = subscription;
		return {
			durable_name: policy.group,
			name: policy.group,
			filter_subjects: [...types.map((type) => names.event(type)).sort(), names.retriesOf(policy.group)],
			deliver_policy: DeliverPolicy.All,
			ack_policy: AckPolicy.Explicit,
			ack_wait: nanos(ackWait),
			max_deliver: -1,
			max_ack_pending: maxPending,
			metadata: { service },
		};
	}

	#take(delivery: JetStreamDelivery): void {
		if (this.#stopping.signal.aborted) {
			delivery.again(1); // was on its way while we said that we want no more
			return;
		}
		this.#held.add(delivery);
		this.#inFlight.add(this.#handle(delivery));
	}

	async #handle(delivery: JetStreamDelivery): Promise<void> {
		try {
			await this.#work(delivery);
		} catch (error) {
			// Only waiting ends this way (see patiently): nothing has been decided about the event.
			if (!(error instanceof Stopping)) this.#options.logger.error(`group ${this.#options.subscription.policy.group}:`, error);
			delivery.again(error instanceof Stopping ? 1 : this.#delay(delivery.tries));
		} finally {
			this.#held.delete(delivery);
			this.#puller.more();
		}
	}

	async #work(delivery: JetStreamDelivery): Promise<void> {
		const event = parse(delivery);
		if (!event) return this.#bury(delivery, null, "the message is not an event", false);
		// What is logged about it is part of what it came of.
		const scope = scopeFrom(event.requestid, event.traceparent);
		await inScope(scope, () => this.#inFlight.inTurn(event.id, () => this.#once(delivery, event)));
	}

	async #once(delivery: JetStreamDelivery, event: DomainEvent): Promise<void> {
		const { policy } = this.#options.subscription;
		const outcome = await this.#patiently(() => this.#inbox.outcome(event.id));
		const again = outcome === "dead" && this.#isRetry(delivery);
		if (outcome && !again) return delivery.done();
		if (delivery.tries > policy.tries + fixed.lostDeliveries) {
			return this.#bury(delivery, event, `${delivery.tries} deliveries, the last of them without any outcome`, again);
		}
		// Of a type that another version of this service has taught the group: a node of that one takes it.
		if (!this.#options.subscription.types.includes(event.type)) return delivery.again(this.#delay(delivery.tries));
		try {
			await this.#run(delivery, event);
		} catch (error) {
			if (error instanceof Stopping) throw error;
			return this.#failed(delivery, event, error, again);
		}
		await this.#patiently(() => this.#inbox.record(event.id, "done", again));
		delivery.done();
	}

	#run(delivery: JetStreamDelivery, event: DomainEvent): Promise<void> {
		const { subscription, logger } = this.#options;
		const traceparent = delivery.header(traceHeader);
		return patiently(() => subscription.handle({ event, tries: delivery.tries, ...(traceparent && { traceparent }) }), {
			heals: isOutage,
			signal: this.#stopping.signal,
			onWait: (error) =>
				logger.warn(`group ${subscription.policy.group}: ${event.type} ${event.id} waits for what is away:`, error),
		});
	}

	async #failed(delivery: JetStreamDelivery, event: DomainEvent, error: unknown, again: boolean): Promise<void> {
		const { subscription, logger } = this.#options;
		const { policy } = subscription;
		logger.warn(`group ${policy.group}: try ${delivery.tries} of ${policy.tries} of ${event.type} ${event.id} failed:`, error);
		if (delivery.tries >= policy.tries) return this.#bury(delivery, event, describeError(error), again);
		delivery.again(this.#delay(delivery.tries));
	}

	/** The event ends only when its dead letter is stored; if it cannot be, there is one more try. */
	async #bury(delivery: JetStreamDelivery, event: DomainEvent | null, error: string, again: boolean): Promise<void> {
		const { policy } = this.#options.subscription;
		await this.#options.deadLetters.write(policy.group, delivery, event, error);
		if (event) await this.#patiently(() => this.#inbox.record(event.id, "dead", again));
		count("events_total", { group: policy.group, outcome: "dead", reason: "" });
		observe("event_attempts", { group: policy.group }, delivery.tries);
		delivery.never();
	}

	#isRetry({ subject }: JetStreamDelivery): boolean {
		const { names, subscription } = this.#options;
		return subject.startsWith(names.retriesOf(subscription.policy.group).slice(0, -1));
	}

	/** For the store of our own records: that it is away says nothing about the event, whatever the error is. */
	#patiently<T>(step: () => Promise<T>): Promise<T> {
		const { subscription, logger } = this.#options;
		return patiently(step, {
			heals: () => true,
			signal: this.#stopping.signal,
			onWait: (error) => logger.warn(`group ${subscription.policy.group}: its records are out of reach:`, error),
		});
	}

	#delay(tries: number): number {
		return backoffDelay(tries, this.#options.subscription.policy.backoffMs);
	}

	#sayWorking(): void {
		for (const delivery of this.#held) delivery.working(this.#options.ackWait);
	}
}

const parse = (delivery: JetStreamDelivery): DomainEvent | null => {
	try {
		const value: unknown = JSON.parse(delivery.text());
		return isEvent(value) ? value : null;
	} catch (error) {
		if (error instanceof SyntaxError) return null;
		throw error;
	}
};
