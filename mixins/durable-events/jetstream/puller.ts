import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from "nats";
import type { BusLogger } from "../bus.ts";
import { JetStreamDelivery } from "./delivery.ts";

// Fetches for one durable consumer. Not nats.js' own consume(): after a reconnect it asks for the consumer's state first, and when
// JetStream is still loading its streams it asks again only after the whole `expires` (30 s), which no event may wait.

export interface PullerOptions {
	connection: NatsConnection;
	/** `<stream>.<consumer>` */
	consumer: string;
	/** How many more deliveries the consumer can work on now. */
	room: () => number;
	take: (delivery: JetStreamDelivery) => void;
	/** Makes sure that the consumer exists; asked before the first pull and whenever pulling has gone wrong. */
	ensure: () => Promise<void>;
	logger: BusLogger;
}

/** Short: the server may go on handing messages to a machine that has vanished until the request has had its time. */
const expiresMs = 10_000;
const heartbeatMs = 2_000;
const silenceMs = 3 * heartbeatMs;
/** Between attempts to get hold of the consumer. */
const retryMs = 500;

const statusOf = (message: Msg): number => (message.headers?.code ?? 0) as number;
const isHeartbeat = (message: Msg): boolean => statusOf(message) === 100;

/** One request at a time, for as many messages as there is room for; the next one follows when it has been served or has ended. */
export class Puller {
	readonly #options: PullerOptions;
	readonly #inbox = createInbox();
	#subscription: Subscription | undefined;
	/** Number of the request that is open, and how many of its messages are still to come. */
	#request = 0;
	#expected = 0;
	#restarting = false;
	#silence: NodeJS.Timeout | undefined;
	#retry: NodeJS.Timeout | undefined;
	#stopped = false;

	constructor(options: PullerOptions) {
		this.#options = options;
	}

	/** True while the consumer is there and a request is open (or no room for one). */
	get pulling(): boolean {
		return this.#subscription !== undefined && !this.#restarting && !this.#stopped;
	}

	start(): void {
		const callback = (error: Error | null, message: Msg): void => {
			if (error) this.#options.logger.error(`consumer ${this.#options.consumer}: subscription failed:`, error);
			else this.#receive(message);
		};
		this.#subscription = this.#options.connection.subscribe(`${this.#inbox}.>`, { callback });
		this.restart();
	}

	/** Forgets the open request and begins anew: after a reconnect, or when the consumer is gone. */
	restart(): void {
		if (this.#restarting || this.#stopped) return;
		this.#restarting = true;
		void this.#begin();
	}

	/** There may be room again. */
	more(): void {
		if (this.#expected > 0 || !this.pulling) return;
		const batch = this.#options.room();
		if (batch <= 0) return;
		this.#expected = batch;
		this.#request += 1;
		const request = { batch, expires: nanos(expiresMs), idle_heartbeat: nanos(heartbeatMs) };
		this.#options.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${this.#options.consumer}`, JSON.stringify(request), {
			reply: `${this.#inbox}.${this.#request}`,
		});
		this.#listen();
	}

	/** No more messages after this has resolved; those that were on their way went to `take`. */
	async stop(): Promise<void> {
		this.#stopped = true;
		clearTimeout(this.#silence);
		clearTimeout(this.#retry);
		const { connection } = this.#options;
		if (connection.isClosed()) return;
		// Draining a subscription asks the server; without one there is nothing on its way either.
		await Promise.race([this.#subscription?.drain(), connection.closed(), pause(1_000)]);
	}

	async #begin(): Promise<void> {
		try {
			await this.#options.ensure();
			this.#restarting = false;
			this.#expected = 0;
			this.more();
		} catch (error) {
			if (this.#stopped) return;
			this.#options.logger.warn(`consumer ${this.#options.consumer} is out of reach, trying again:`, error);
			this.#retry = setTimeout(() => void this.#begin(), retryMs * (0.5 + Math.random()));
		}
	}

	#receive(message: Msg): void {
		this.#listen();
		if (message.reply?.startsWith("$JS.ACK.")) {
			this.#expected = Math.max(0, this.#expected - 1);
			this.#options.take(new JetStreamDelivery(message));
			this.more();
		} else if (message.subject === `${this.#inbox}.${this.#request}` && !isHeartbeat(message)) {
			this.#ended(message);
		}
	}

	/** 408 is a request that has had its time; anything else (deleted, leader gone, nobody there) needs a look at the consumer. */
	#ended(message: Msg): void {
		if (this.#stopped) return;
		this.#expected = 0;
		if (statusOf(message) === 408) {
			this.more();
			return;
		}
		this.#options.logger.debug(`consumer ${this.#options.consumer}: ${statusOf(message)} ${message.headers?.description ?? ""}`);
		this.#beginLater();
	}

	#beginLater(): void {
		if (this.#restarting) return;
		this.#restarting = true;
		this.#retry = setTimeout(() => void this.#begin(), retryMs * Math.random());
	}

	/** The server says something at least every heartbeat while a request is open. */
	#listen(): void {
		clearTimeout(this.#silence);
		if (this.#stopped || this.#expected === 0) return;
		this.#silence = setTimeout(() => this.restart(), silenceMs);
		this.#silence.unref();
	}
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
