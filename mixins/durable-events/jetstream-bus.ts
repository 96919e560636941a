import { type ConsumerInfo, Events, type JetStreamClient, type JetStreamManager, type NatsConnection } from "nats";
import type { Bus, BusLogger, OutboxSource, RecordStore } from "./bus.ts";
import { expireRecords } from "./expiry.ts";
import { connectBus } from "./jetstream/connection.ts";
import { DeadLetterWriter } from "./jetstream/dead-letter-writer.ts";
import { DocumentConsumer } from "./jetstream/document-consumer.ts";
import { isApiError, isNotReady } from "./jetstream/errors.ts";
import { forgetInStreams } from "./jetstream/forgetting.ts";
import { GroupConsumer } from "./jetstream/group-consumer.ts";
import { JetStreamDeadLetters } from "./jetstream/jetstream-dead-letters.ts";
import { type Names, namesOf } from "./jetstream/names.ts";
import { OutboxSweeper } from "./jetstream/outbox-sweeper.ts";
import { type Mark, Publisher } from "./jetstream/publisher.ts";
import { Streams } from "./jetstream/streams.ts";
import { MicroBatch } from "./micro-batch.ts";
import { mark } from "./outbox-updates.ts";
import { patiently } from "./patience.ts";
import { policyOf } from "./policy.ts";
import type { DeadLetters, DocumentSubscription, GroupHealth, OutboxEvent, Subscription } from "./port.ts";
import { type BusSettings, fixed } from "./settings.ts";

interface Marked {
	entityId: string;
	eventId: string;
	published: Mark;
}

interface Source {
	readonly marks: MicroBatch<Marked, undefined>;
	readonly sweeper: OutboxSweeper;
}

/**
 * A request whose answer was lost with its connection is only given up by its time-out. nats.js' own 5 s, once or twice in a row,
 * would be most of the time in which everything should be settled again.
 */
const apiTimeoutMs = 2_500;

interface OpenOptions {
	transporter: string;
	settings: BusSettings;
	/** Shows up in the server's list of connections. */
	name: string;
	logger: BusLogger;
	signal: AbortSignal;
}

/** Durable events over JetStream: the bus of a cluster. */
export class JetStreamBus implements Bus {
	readonly #connection: NatsConnection;
	readonly #js: JetStreamClient;
	readonly #jsm: JetStreamManager;
	readonly #names: Names;
	readonly #streams: Streams;
	readonly #publisher: Publisher;
	readonly #letterWriter: DeadLetterWriter;
	readonly #settings: BusSettings;
	readonly #logger: BusLogger;
	readonly #sources = new Map<string, Source>();
	readonly #consumers = new Map<string, GroupConsumer | DocumentConsumer>();
	readonly deadLetters: DeadLetters;
	#connected = true;

	private constructor(connection: NatsConnection, jsm: JetStreamManager, settings: BusSettings, logger: BusLogger) {
		this.#connection = connection;
		this.#jsm = jsm;
		this.#settings = settings;
		this.#logger = logger;
		this.#names = namesOf(settings.keyPrefix);
		const js = connection.jetstream({ timeout: apiTimeoutMs });
		this.#js = js;
		this.#streams = new Streams(jsm, this.#names, settings.jetstreamReplicas);
		this.#publisher = new Publisher(js, this.#names, this.#streams, () => this.#doubt("a sequence went backwards"));
		this.#letterWriter = new DeadLetterWriter(js, this.#names, this.#streams);
		this.deadLetters = new JetStreamDeadLetters(js, jsm, this.#names);
	}

	/** Waits for the server, and for its JetStream, if they are not there yet; throws `Stopping` when the signal aborts. */
	static async open({ transporter, settings, name, logger, signal }: OpenOptions): Promise<JetStreamBus> {
		const connection = await connectBus(transporter, name);
		try {
			const bus = new JetStreamBus(
				connection,
				await connection.jetstreamManager({ checkAPI: false, timeout: apiTimeoutMs }),
				settings,
				logger,
			);
			void bus.#watch();
			const prepare = async (): Promise<void> => {
				await bus.#streams.ensure();
				await bus.#streams.look();
			};
			const onWait = (error: unknown): void => logger.warn("durable events: JetStream does not answer yet:", error);
			await patiently(prepare, { heals: isNotReady, signal, onWait });
			return bus;
		} catch (error) {
			await connection.close();
			throw error;
		}
	}

	get connected(): boolean {
		return this.#connected && !this.#connection.isClosed();
	}

	async addSource(source: OutboxSource): Promise<() => Promise<void>> {
		const { name } = source.collection;
		if (this.#sources.has(name)) throw new Error(`two services send events from the collection ${name}`);
		const marks = new MicroBatch<Marked, undefined>({ gatherMs: fixed.gatherMs, flush: (items) => this.#mark(source, items) });
		const sweeper = new OutboxSweeper({
			source,
			publisher: this.#publisher,
			streams: this.#streams,
			settings: this.#settings,
			connected: () => this.connected,
			logger: this.#logger,
		});
		this.#sources.set(name, { marks, sweeper });
		return async () => {
			this.#sources.delete(name);
			await sweeper.stop();
			await marks.drain();
		};
	}

	publish(collection: string, entityId: string, events: readonly OutboxEvent[]): void {
		const marks = this.#sources.get(collection)?.marks;
		// What is not published here is found by the sweeper; requests that wait for a lost server would only pile up.
		if (!marks || !this.connected) return;
		for (const event of events) {
			this.#publisher
				.publish(event)
				.then((published) => marks.add({ entityId, eventId: event.id, published }))
				.catch((error) => this.#logger.debug(`${event.type} ${event.id} is left to the sweeper:`, error));
		}
	}

	async subscribe(subscription: Subscription, records: RecordStore): Promise<() => Promise<void>> {
		const { group } = subscription.policy;
		if (this.#consumers.has(group)) throw new Error(`two services of this process share the consumer group "${group}"`);
		const consumer = new GroupConsumer({
			connection: this.#connection,
			jsm: this.#jsm,
			names: this.#names,
			streams: this.#streams,
			deadLetters: this.#letterWriter,
			ackWait: this.#settings.ackWait,
			subscription,
			records,
			logger: this.#logger,
		});
		this.#consumers.set(group, consumer);
		const stopExpiry = expireRecords(records, this.#logger);
		consumer.start();
		return async () => {
			await Promise.all([consumer.stop(), stopExpiry()]);
			this.#consumers.delete(group);
		};
	}

	wants(): boolean {
		return true; // the stream keeps it for whoever comes later
	}

	async subscribeDocuments(subscription: DocumentSubscription): Promise<() => Promise<void>> {
		const { group } = subscription;
		if (this.#consumers.has(group)) throw new Error(`two services of this process share the consumer group "${group}"`);
		const consumer = new DocumentConsumer({
			connection: this.#connection,
			jsm: this.#jsm,
			names: this.#names,
			streams: this.#streams,
			deadLetters: this.#letterWriter,
			ackWait: this.#settings.ackWait,
			policy: policyOf(group, [], this.#settings),
			subscription,
			logger: this.#logger,
		});
		this.#consumers.set(group, consumer);
		consumer.start();
		return async () => {
			await consumer.stop();
			this.#consumers.delete(group);
		};
	}

	ready(): void {
		// Consumers are durable: an event waits on the stream for a group that starts later.
	}

	async health(): Promise<GroupHealth[]> {
		const ours = [...this.#consumers.keys()];
		if (!this.connected) return ours.map((group) => badHealth(group, "NATS is away"));
		const known = await this.#listConsumers().catch((error) => {
			this.#logger.warn("durable events: JetStream does not list its consumers:", error);
			return null;
		});
		if (!known) return ours.map((group) => badHealth(group, "JetStream does not answer"));
		const missing = ours.filter((group) => !known.some(({ name }) => name === group));
		return [...known.map((info) => this.#healthOf(info)), ...missing.map((group) => badHealth(group, "its consumer is gone"))];
	}

	async forget(gone: ReadonlySet<string>): Promise<number> {
		await this.#streams.ensure();
		return forgetInStreams({ js: this.#js, jsm: this.#jsm, names: this.#names }, gone);
	}

	async close(): Promise<void> {
		if (this.#connection.isClosed()) return;
		// Drain needs the server to answer; the last acks are worth waiting for, but not a server that is away.
		if (this.connected) await this.#connection.drain();
		else await this.#connection.close();
	}

	async #listConsumers(): Promise<ConsumerInfo[]> {
		const found: ConsumerInfo[] = [];
		for (const stream of [this.#names.eventsStream, this.#names.intakeStream]) {
			try {
				// Those without a name that lasts are readers that look through a stream once.
				for await (const info of this.#jsm.consumers.list(stream)) if (info.config.durable_name) found.push(info);
			} catch (error) {
				if (!isApiError(error, "noStream")) throw error;
			}
		}
		return found;
	}

	#healthOf({ name, num_pending, num_ack_pending, num_waiting, config }: ConsumerInfo): GroupHealth {
		const ours = this.#consumers.get(name)?.health;
		const served = ours?.ok ?? (num_waiting > 0 || num_ack_pending > 0);
		return {
			group: name,
			service: config.metadata?.service ?? "",
			ok: served || num_pending === 0,
			lag: num_pending,
			inFlight: num_ack_pending,
			...(served ? {} : { detail: "nobody fetches for this group" }),
		};
	}

	async #mark({ collection }: OutboxSource, items: readonly Marked[]): Promise<undefined[]> {
		await collection.updateMany(items.map(({ entityId, eventId, published }) => mark(entityId, eventId, published)));
		return items.map(() => undefined);
	}

	async #watch(): Promise<void> {
		for await (const { type } of this.#connection.status()) {
			if (type === Events.Disconnect) {
				this.#connected = false;
				this.#logger.warn("durable events: the connection to NATS is lost, trying again");
			} else if (type === Events.Reconnect) {
				this.#connected = true;
				this.#logger.info("durable events: connected to NATS again");
				for (const consumer of this.#consumers.values()) consumer.restart();
				this.#doubt("the connection was lost");
			}
		}
	}

	#doubt(why: string): void {
		this.#logger.debug(`durable events: looking whether the stream is as it was: ${why}`);
		for (const { sweeper } of this.#sources.values()) sweeper.doubt();
	}
}

const badHealth = (group: string, detail: string): GroupHealth => ({
	group,
	service: "",
	ok: false,
	lag: 0,
	inFlight: 0,
	detail,
});
