import {
	DiscardPolicy,
	Events,
	headers,
	type JetStreamClient,
	type JetStreamManager,
	type MsgHdrs,
	type NatsConnection,
	NatsError,
	nanos,
	RetentionPolicy,
	StorageType,
	type StreamConfig,
} from "nats";
import { connectBus } from "../../mixins/durable-events/jetstream/connection.ts";
import { isApiError, isTooLarge, isUnheard } from "../../mixins/durable-events/jetstream/errors.ts";
import { patiently } from "../../mixins/durable-events/patience.ts";
import { type ChangeBody, headersOf, type Message, withoutBodies } from "./change.ts";

// The stream that the feed is published on: one of its own, so that many changes never push events out.

const answerMs = 2_500;
/** In which the server drops what comes again: longer than a take-over, and than most outages of the bus. */
const duplicateWindowMs = 600_000;
/** "message size exceeds maximum allowed", where an operator set a limit of the stream: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const beyondStreamLimit = 10054;

export interface FeedOptions {
	transporter: string;
	prefix: string;
	/** ms */
	keep: number;
	keepBytes: number;
	/** Copies of the stream, when it is made. Default 1. */
	replicas?: number;
	/** Shows up in the server's list of connections. */
	name: string;
	logger: { warn(...args: unknown[]): void; info(...args: unknown[]): void };
	signal: AbortSignal;
}

export interface Outlet {
	readonly connected: boolean;
	/** Resolves when the stream has it; tries until then. Rejects with `Stopping` once the signal has aborted and a try has failed. */
	publish(message: Message, signal: AbortSignal): Promise<void>;
}

const streamOf = ({ prefix, keep, keepBytes, replicas = 1 }: FeedOptions): Partial<StreamConfig> & { name: string } => ({
	name: `${prefix.toUpperCase()}_CDC`,
	subjects: [`${prefix}.cdc.>`],
	retention: RetentionPolicy.Limits,
	discard: DiscardPolicy.Old,
	storage: StorageType.File,
	num_replicas: replicas,
	max_age: nanos(keep),
	max_bytes: keepBytes,
	duplicate_window: nanos(Math.min(duplicateWindowMs, keep)),
});

const natsHeaders = (pairs: readonly [name: string, value: string][]): MsgHdrs => {
	const all = headers();
	for (const [name, value] of pairs) all.set(name, value);
	return all;
};

const takesTooMuch = (error: unknown): boolean =>
	isTooLarge(error) || (error instanceof NatsError && error.api_error?.err_code === beyondStreamLimit);

export class ChangeFeed implements Outlet {
	readonly #connection: NatsConnection;
	readonly #jsm: JetStreamManager;
	readonly #js: JetStreamClient;
	readonly #options: FeedOptions;
	#connected = true;
	#waiting = false;

	private constructor(connection: NatsConnection, jsm: JetStreamManager, options: FeedOptions) {
		this.#connection = connection;
		this.#jsm = jsm;
		this.#js = connection.jetstream({ timeout: answerMs });
		this.#options = options;
	}

	/** Waits for the server, and for its JetStream; throws `Stopping` when the signal aborts. */
	static async open(options: FeedOptions): Promise<ChangeFeed> {
		const connection = await connectBus(options.transporter, options.name);
		try {
			const feed = new ChangeFeed(connection, await connection.jetstreamManager({ checkAPI: false, timeout: answerMs }), options);
			void feed.#watch();
			await feed.#patiently(() => feed.#prepare(), options.signal);
			return feed;
		} catch (error) {
			await connection.close();
			throw error;
		}
	}

	get connected(): boolean {
		return this.#connected && !this.#connection.isClosed();
	}

	publish(message: Message, signal: AbortSignal): Promise<void> {
		return this.#patiently(() => this.#send(message), signal);
	}

	async close(): Promise<void> {
		if (!this.#connection.isClosed()) await this.#connection.close(); // nothing is on its way any more
	}

	async #send(message: Message): Promise<void> {
		// What nats.js keeps for later would pile up, and come twice.
		if (!this.connected) throw new Error("NATS is away");
		try {
			await this.#put(message, message.record, headersOf(message));
		} catch (error) {
			if (isUnheard(error)) await this.#ensureAgain();
			if (!takesTooMuch(error)) throw error;
			const { record, headers: without } = withoutBodies(message);
			this.#options.logger.warn(
				`${message.collection} ${message.key} is larger than the bus takes: only that it changed is published`,
			);
			await this.#put(message, record, without);
		}
		if (this.#waiting) this.#options.logger.info("change feed: the bus takes changes again");
		this.#waiting = false;
	}

	async #put({ collection }: Message, record: ChangeBody, pairs: readonly [string, string][]): Promise<void> {
		const subject = `${this.#options.prefix}.cdc.${collection}`;
		await this.#js.publish(subject, JSON.stringify(record), { headers: natsHeaders(pairs) });
	}

	/** No error of the bus says that a change need not be told. */
	#patiently(step: () => Promise<void>, signal: AbortSignal): Promise<void> {
		const onWait = (error: unknown): void => {
			if (!this.#waiting) this.#options.logger.warn("change feed: the bus does not take changes, trying on:", error);
			this.#waiting = true;
		};
		return patiently(step, { heals: () => true, signal, onWait });
	}

	/** Made if absent: then the answer is true. One that is there keeps what it has but for our limits. */
	async #ensure(): Promise<boolean> {
		const config = streamOf(this.#options);
		try {
			await this.#jsm.streams.info(config.name);
		} catch (error) {
			if (!isApiError(error, "noStream")) throw error;
			await this.#jsm.streams.add(config);
			return true;
		}
		const { max_age, max_bytes, duplicate_window } = config;
		await this.#jsm.streams.update(config.name, { max_age, max_bytes, duplicate_window } as Partial<StreamConfig>);
		return false;
	}

	async #prepare(): Promise<void> {
		await this.#ensure();
	}

	/** Nobody took a message: JetStream is not up yet, or the stream was deleted. */
	async #ensureAgain(): Promise<void> {
		if (await this.#ensure()) this.#options.logger.warn("change feed: its stream was gone, and what it held; it was made again");
	}

	async #watch(): Promise<void> {
		for await (const { type } of this.#connection.status()) {
			if (type === Events.Disconnect) this.#connected = false;
			else if (type === Events.Reconnect) this.#connected = true;
		}
	}
}
