import type { ServiceSchema } from "moleculer";
import { type Collection, MongoClient } from "mongodb";
import { type ConsumerMessages, connect, type NatsConnection, type StreamConfig } from "nats";
import type { Static } from "typebox";
import type { ChangeRecord } from "../../contracts/change-feed.ts";
import { changeHeaders } from "../../contracts/change-feed.ts";
import { newId } from "../../contracts/ids.ts";
import type { GroupHealth } from "../../mixins/durable-events/port.ts";
import type { ServiceHealth } from "../../mixins/health/health.mixin.ts";
import { cdc } from "../../services/cdc/cdc.service.ts";
import type { Position } from "../../services/cdc/position.adapter.ts";
import { type Brokers, listening } from "./brokers.ts";
import { until } from "./until.ts";

/** Where change feeds of one test live: a database and subjects that no other test shares. */
export interface CdcWorld {
	natsUrl: string;
	mongoUrl: string;
	name: string;
}

export const cdcWorld = (natsUrl: string, mongoUrl: string): CdcWorld => ({
	natsUrl,
	mongoUrl,
	name: `t${newId().slice(0, 12)}`,
});

export interface CdcNode {
	/** What it has logged, warnings and errors. */
	warnings(): string[];
	/** The row of the collection. */
	row(collection: string): Promise<GroupHealth>;
	until(collection: string, holds: (row: GroupHealth) => boolean): Promise<GroupHealth>;
	stop(): Promise<void>;
}

/** `mongoUrl`, `natsUrl`: another way to the same server. */
export const startCdc = async (
	brokers: Brokers,
	world: CdcWorld,
	collections: readonly string[],
	{
		mongoUrl = world.mongoUrl,
		natsUrl = world.natsUrl,
		pollEvery,
	}: { mongoUrl?: string; natsUrl?: string; pollEvery?: number } = {},
): Promise<CdcNode> => {
	const lines: unknown[][] = [];
	const profile = {
		...({ kind: "cluster", transporter: natsUrl, keyPrefix: world.name, jetstreamReplicas: 1, leaseTimeout: 3_000 } as const),
		cdc: { collections, keep: 3_600_000, keepBytes: 64 * 1_048_576 },
	};
	const database = { kind: "mongo", url: mongoUrl, dbName: world.name } as const;
	const broker = await brokers.start(
		{ ...listening(lines), nodeID: `cdc-${newId()}` },
		cdc({ profile, database, ...(pollEvery && { pollEvery }) }) as ServiceSchema,
	);
	const row = async (collection: string): Promise<GroupHealth> => {
		const { consumers } = await broker.call<ServiceHealth>("cdc.health");
		const found = consumers.find(({ group }) => group === `cdc.${collection}`);
		if (!found) throw new Error(`no row of ${collection}`);
		return found;
	};
	return {
		warnings: () => lines.filter(([level]) => level !== "info").map(([, ...words]) => words.map(String).join(" ")),
		row,
		until: (collection, holds) => until(`the feed of ${collection}`, () => row(collection), holds),
		stop: () => broker.stop(),
	};
};

export interface Change {
	collection: string;
	/** Of the document. */
	id: string;
	/** Of the change. */
	changeId: string;
	origin: string;
	omitted: string;
	record: Static<typeof ChangeRecord>;
}

/** What a consumer of the feed and a writer of documents see. */
export class FeedWatch {
	readonly all: Change[] = [];
	readonly #nats: NatsConnection;
	readonly #mongo: MongoClient;
	readonly #world: CdcWorld;
	#messages: ConsumerMessages | undefined;

	private constructor(world: CdcWorld, nats: NatsConnection, mongo: MongoClient) {
		this.#world = world;
		this.#nats = nats;
		this.#mongo = mongo;
	}

	static async open(world: CdcWorld): Promise<FeedWatch> {
		const mongo = new MongoClient(world.mongoUrl);
		return new FeedWatch(
			world,
			await connect({ servers: world.natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 }),
			mongo,
		);
	}

	/** Makes the stream as an operator would. */
	async make(config: Partial<StreamConfig>): Promise<void> {
		const jsm = await this.#nats.jetstreamManager();
		await jsm.streams.add({ name: this.#stream, subjects: [`${this.#world.name}.cdc.>`], ...config });
	}

	async config(): Promise<StreamConfig> {
		const jsm = await this.#nats.jetstreamManager();
		return (await jsm.streams.info(this.#stream)).config;
	}

	get #stream(): string {
		return `${this.#world.name.toUpperCase()}_CDC`;
	}

	/** Reads the stream from its first message on; it has to be there. */
	async begin(): Promise<void> {
		const consumer = await this.#nats.jetstream().consumers.get(this.#stream);
		this.#messages = await consumer.consume();
		void this.#read(this.#messages);
	}

	async #read(messages: ConsumerMessages): Promise<void> {
		for await (const message of messages) {
			const header = (name: string): string => message.headers?.get(name) ?? "";
			this.all.push({
				collection: message.subject.split(".").at(-1) ?? "",
				id: decodeURIComponent(header(changeHeaders.document)),
				changeId: header(changeHeaders.id),
				origin: header(changeHeaders.origin),
				omitted: header(changeHeaders.omitted),
				record: message.json(),
			});
			message.ack();
		}
	}

	collection(name: string): Collection<{ _id: string; [field: string]: unknown }> {
		return this.#mongo.db(this.#world.name).collection(name);
	}

	position(collection: string): Promise<Position | null> {
		return this.#mongo.db(this.#world.name).collection<Position>("cdc_positions").findOne({ _id: collection });
	}

	of(id: string): Change[] {
		return this.all.filter((change) => change.id === id);
	}

	/** Waits until these changes of a document are there. */
	until(id: string, holds: (changes: Change[]) => boolean): Promise<Change[]> {
		return until(`changes of ${id}`, async () => this.of(id), holds);
	}

	async close(): Promise<void> {
		await this.#messages?.close();
		await this.#nats.close();
		await this.#mongo.close();
	}
}
