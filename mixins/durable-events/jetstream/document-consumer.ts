import { isUtf8 } from "node:buffer";
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JetStreamManager, type NatsConnection, nanos } from "nats";
import { clock } from "../../../config/clock.ts";
import { backoffDelay } from "../backoff.ts";
import type { BusLogger } from "../bus.ts";
import { describeError } from "../errors.ts";
import { InFlight } from "../in-flight.ts";
import { MicroBatch } from "../micro-batch.ts";
import { isOutage } from "../outage.ts";
import { patiently, Stopping } from "../patience.ts";
import type { DocumentRefusal, DocumentSubscription, GroupHealth, GroupPolicy } from "../port.ts";
import { fixed } from "../settings.ts";
import type { DeadLetterWriter } from "./dead-letter-writer.ts";
import type { JetStreamDelivery } from "./delivery.ts";
import type { Names } from "./names.ts";
import { Puller } from "./puller.ts";
import type { Streams } from "./streams.ts";

export interface DocumentConsumerOptions {
	connection: NatsConnection;
	jsm: JetStreamManager;
	names: Names;
	streams: Streams;
	deadLetters: DeadLetterWriter;
	ackWait: number;
	policy: GroupPolicy;
	subscription: DocumentSubscription;
	logger: BusLogger;
}

/** Documents come in floods and are written many at a time. */
const concurrency = 256;

/** A document's end: taken (null), refused, or the error of a try that may come again. */
type Verdict = DocumentRefusal | null | { failed: unknown };

const iso = (at: number): string => new Date(at).toISOString();

/** Takes what other systems put on the bus. Unlike events these messages have no envelope: any bytes may come. */
export class DocumentConsumer {
	readonly #options: DocumentConsumerOptions;
	readonly #puller: Puller;
	readonly #batch: MicroBatch<string, Verdict>;
	readonly #inFlight = new InFlight();
	readonly #held = new Set<JetStreamDelivery>();
	readonly #stopping = new AbortController();
	readonly #working: NodeJS.Timeout;

	constructor(options: DocumentConsumerOptions) {
		this.#options = options;
		const { connection, names, policy, logger, ackWait } = options;
		this.#batch = new MicroBatch({ gatherMs: fixed.gatherMs / 4, flush: (texts) => this.#judge(texts) });
		this.#puller = new Puller({
			connection,
			consumer: `${names.intakeStream}.${policy.group}`,
			room: () => concurrency - this.#held.size,
			take: (delivery) => this.#take(delivery),
			ensure: () => this.#ensure(),
			logger,
		});
		this.#working = setInterval(() => {
			for (const delivery of this.#held) delivery.working(ackWait);
		}, ackWait / 10);
	}

	start(): void {
		this.#puller.start();
	}

	restart(): void {
		this.#puller.restart();
	}

	get health(): Pick<GroupHealth, "ok" | "inFlight"> {
		return { ok: this.#puller.pulling, inFlight: this.#held.size };
	}

	async stop(): Promise<void> {
		this.#stopping.abort();
		await this.#puller.stop();
		await this.#inFlight.drained(fixed.drainMs); // what is unfinished then comes again
		clearInterval(this.#working);
	}

	async #ensure(): Promise<void> {
		const { jsm, names, streams } = this.#options;
		await streams.ensure();
		await jsm.consumers.add(names.intakeStream, this.#config());
	}

	#config(): Partial<ConsumerConfig> {
		const { names, ackWait, policy, subscription } = this.#options;
		return {
			durable_name: policy.group,
			name: policy.group,
			filter_subject: names.documents(subscription.kind),
			deliver_policy: DeliverPolicy.All,
			ack_policy: AckPolicy.Explicit,
			ack_wait: nanos(ackWait),
			max_deliver: -1,
			max_ack_pending: 8 * concurrency, // naks that wait for their delay count: the refused must not hold up the good
			metadata: { service: subscription.service },
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
			// The dead letter could not be stored, or we are stopping: the document has not ended.
			if (!(error instanceof Stopping)) this.#options.logger.error(`group ${this.#options.policy.group}:`, error);
			this.#again(delivery, error instanceof Stopping);
		} finally {
			this.#held.delete(delivery);
			this.#puller.more();
		}
	}

	async #work(delivery: JetStreamDelivery): Promise<void> {
		const { policy } = this.#options;
		if (delivery.tries > policy.tries + fixed.lostDeliveries) {
			return this.#bury(delivery, { reason: `${delivery.tries} deliveries, the last of them without any outcome` });
		}
		const verdict = await this.#verdictOf(delivery);
		if (verdict === null) return delivery.done();
		if ("reason" in verdict) return this.#bury(delivery, verdict);
		if (verdict.failed instanceof Stopping) throw verdict.failed;
		if (delivery.tries >= policy.tries) return this.#bury(delivery, { reason: describeError(verdict.failed) });
		this.#options.logger.warn(`group ${policy.group}: try ${delivery.tries} of ${policy.tries} failed:`, verdict.failed);
		this.#again(delivery, false);
	}

	async #verdictOf(delivery: JetStreamDelivery): Promise<Verdict> {
		const { maxBytes } = this.#options.subscription;
		const bytes = delivery.bytes();
		if (bytes.length > maxBytes) return { reason: `PAYLOAD_TOO_LARGE: ${bytes.length} bytes of at most ${maxBytes}` };
		if (!isUtf8(bytes)) return { reason: "VALIDATION: the document is not UTF-8" };
		return this.#batch.add(delivery.text());
	}

	/** One that makes the whole batch fail is found by trying each alone, so that it takes no other with it. */
	async #judge(texts: readonly string[]): Promise<Verdict[]> {
		const alone = (text: string): Promise<Verdict> =>
			this.#ask([text]).then(
				([verdict = null]) => verdict,
				(error: unknown) => ({ failed: error }),
			);
		try {
			return await this.#ask(texts);
		} catch (error) {
			if (error instanceof Stopping || texts.length === 1) return texts.map(() => ({ failed: error }));
			return Promise.all(texts.map(alone));
		}
	}

	#ask(texts: readonly string[]): Promise<Verdict[]> {
		const { subscription, policy, logger } = this.#options;
		return patiently(async () => [...(await subscription.take(texts))], {
			heals: isOutage,
			signal: this.#stopping.signal,
			onWait: (error) => logger.warn(`group ${policy.group}: documents wait for what is away:`, error),
		});
	}

	/** The message ends only when its dead letter is stored. */
	async #bury(delivery: JetStreamDelivery, { reason, entity = "", document }: DocumentRefusal): Promise<void> {
		const { policy, subscription, deadLetters } = this.#options;
		await deadLetters.put(
			{
				group: policy.group,
				subject: delivery.subject,
				entity,
				eventId: `message-${delivery.seq}`,
				error: reason.slice(0, 2_000),
				tries: delivery.tries,
				firstAt: iso(delivery.storedAt),
				lastAt: iso(clock.now()),
				event: document ?? delivery.text().slice(0, subscription.maxBytes),
			},
			`${policy.group}:${delivery.seq}:${delivery.storedAt}`,
		);
		delivery.never();
	}

	#again(delivery: JetStreamDelivery, atOnce: boolean): void {
		delivery.again(atOnce ? 1 : backoffDelay(delivery.tries, this.#options.policy.backoffMs));
	}
}
