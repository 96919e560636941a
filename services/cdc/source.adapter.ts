import type { ChangeStream, ChangeStreamOptions, Db } from "mongodb";
import type { ChangeEvent } from "./change.ts";

// What is read of MongoDB: change streams, and collections as they are.

/** How long the server keeps a question for changes before it answers that there are none, in ms. */
const awaitMs = 1_000;
const pageSize = 200;

type Row = Readonly<Record<string, unknown>>;
type Native = Row & { _id: string };

export interface Cursor {
	/** Null: there is nothing (yet). */
	next(): Promise<ChangeEvent | null>;
	/** Where to go on from after what `next` answered last; null if the server does not say. */
	readonly token: unknown;
	close(): Promise<void>;
}

export interface ChangeSource {
	/** The server has answered: what changes from now on is in it, or, with a token, what changed since. Rejects with the server's error. */
	open(collection: string, token?: unknown): Promise<{ cursor: Cursor; first: ChangeEvent | null }>;
	/** Pages in the order of ids: all documents, or those that changed since (ISO 8601). */
	pages(collection: string, since: string | null): AsyncIterable<Row[]>;
}

export class MongoSource implements ChangeSource {
	readonly #database: Db;

	constructor(database: Db) {
		this.#database = database;
	}

	async open(collection: string, token?: unknown): Promise<{ cursor: Cursor; first: ChangeEvent | null }> {
		const options: ChangeStreamOptions = {
			fullDocument: "updateLookup",
			maxAwaitTimeMS: awaitMs,
			...((await this.#keepsPreImages(collection)) && { fullDocumentBeforeChange: "whenAvailable" }),
			...(token ? { resumeAfter: token } : {}),
		};
		const stream = this.#database.collection<Native>(collection).watch([], options);
		try {
			const first = await next(stream); // the driver sends nothing before
			return { cursor: cursorOf(stream), first };
		} catch (error) {
			await stream.close();
			throw error;
		}
	}

	async *pages(collection: string, since: string | null): AsyncIterable<Row[]> {
		const rows = this.#database.collection<Native>(collection);
		const changed = since === null ? {} : { updatedAt: { $gte: since } };
		for (let after: string | undefined; ; ) {
			const where = { ...changed, ...(after !== undefined && { _id: { $gt: after } }) };
			const page = await rows.find(where).sort({ _id: 1 }).limit(pageSize).toArray();
			if (page.length > 0) yield page;
			if (page.length < pageSize) return;
			after = page.at(-1)?._id;
		}
	}

	/** To ask a server for them that has none is an error on those before 6.0. */
	async #keepsPreImages(collection: string): Promise<boolean> {
		const [info] = await this.#database.listCollections({ name: collection }, { nameOnly: false }).toArray();
		const { changeStreamPreAndPostImages: images } = (info as { options?: { changeStreamPreAndPostImages?: { enabled?: boolean } } })?.options ?? {}; // biome-ignore format: one line
		return images?.enabled === true;
	}
}

/** The driver's union of events by type is wider than what is read here, field by field. */
const next = (stream: ChangeStream<Native>): Promise<ChangeEvent | null> => stream.tryNext() as Promise<ChangeEvent | null>;

const cursorOf = (stream: ChangeStream<Native>): Cursor => ({
	next: () => next(stream),
	get token() {
		return stream.resumeToken ?? null;
	},
	close: () => stream.close(),
});
