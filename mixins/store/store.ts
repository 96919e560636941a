import type { DbAdapter } from "moleculer-db";
import type { OutboxEvent } from "../durable-events/port.ts";
import { type Backend, type BackendCollection, openBackend } from "./backend.ts";
import type { CollectionSpec, Document } from "./port.ts";
import { currentStoreProfile, type StoreProfile } from "./store-profile.ts";

/** Told of events right after the write that carries them is durable. It must not throw, and the write does not wait for it. */
export type OnEvents = (collection: string, id: string, events: readonly OutboxEvent[]) => void;

/** What all collections of a store share about their outboxes. */
export interface Outbox {
	/** `source` of the events that are written here, as `/souk/<service>`. */
	source: string;
	/** How long after a write the sweeper may look at its events, in ms. */
	graceMs: number;
	onEvents: OnEvents | undefined;
}

export type StoreCollection<T extends Document> = BackendCollection<T> & { readonly outbox: Outbox };

export interface StoreHealth {
	/** The store answers and has every index that is relied on. */
	ok: boolean;
	detail?: string;
	/** `<collection>.<index>` */
	missingIndexes: string[];
}

/** The type of each collection's documents. */
export type Collections = Record<string, Document>;

export interface StoreOptions<C> {
	collections: { readonly [K in keyof C]: CollectionSpec };
	/** Default: `currentStoreProfile()`, asked when the store opens. */
	profile?: StoreProfile | undefined;
	/** Default "/souk". */
	source?: string | undefined;
}

const defaultGrace = 10_000;

export class StoreControl {
	readonly outbox: Outbox;
	readonly #specs: Readonly<Record<string, CollectionSpec>>;
	readonly #profile: StoreProfile | undefined;
	readonly #open = new Map<string, StoreCollection<Document>>();
	#backend: Backend | undefined;

	constructor({ collections, profile, source = "/souk" }: StoreOptions<Record<string, Document>>) {
		this.#specs = collections;
		this.#profile = profile;
		this.outbox = { source, graceMs: defaultGrace, onEvents: undefined };
		for (const name of Object.keys(collections)) {
			if (name in this) throw new TypeError(`a collection cannot be called "${name}": the store has a member of that name`);
			Object.defineProperty(this, name, { get: () => this.collection(name), enumerable: true });
		}
	}

	set onEvents(listener: OnEvents | undefined) {
		this.outbox.onEvents = listener;
	}

	get onEvents(): OnEvents | undefined {
		return this.outbox.onEvents;
	}

	/** Makes missing indexes too, unless the profile leaves that to a migration. Throws StoreUnavailable (try again) or DataFolderInUse. */
	async open(): Promise<void> {
		if (this.#backend) return;
		const profile = this.#profile ?? currentStoreProfile();
		this.outbox.graceMs = profile.outboxGrace ?? defaultGrace;
		const backend = await openBackend(profile);
		try {
			for (const [name, spec] of Object.entries(this.#specs)) {
				this.#open.set(name, Object.assign(backend.collection(name, spec), { outbox: this.outbox }));
			}
			if (profile.autoMigrate ?? true) await this.ensureIndexes();
		} catch (error) {
			this.#open.clear();
			await backend.close();
			throw error;
		}
		this.#backend = backend;
	}

	/** Writes that were asked for before it are still carried out. */
	async close(): Promise<void> {
		const backend = this.#backend;
		this.#backend = undefined;
		this.#open.clear();
		await backend?.close();
	}

	/** Throws if the store is not open or the collection is not one of its own. */
	collection<T extends Document>(name: string): StoreCollection<T> {
		const collection = this.#open.get(name);
		if (!collection) throw new Error(`the store is not open, or has no collection "${name}"`);
		return collection as unknown as StoreCollection<T>; // the caller names the type that it opened the collection with
	}

	get collectionNames(): string[] {
		return Object.keys(this.#specs);
	}

	/** For moleculer-db's methods. */
	adapter(name: string): DbAdapter {
		if (!this.#backend) throw new Error("the store is not open");
		return this.#backend.adapter(this.collection(name));
	}

	/** After something was removed that nobody should find in our files. */
	async scrub(): Promise<void> {
		await this.#backend?.scrub();
	}

	async ensureIndexes(): Promise<void> {
		for (const collection of this.#open.values()) await collection.ensureIndexes();
	}

	async dropIndexes(): Promise<void> {
		for (const collection of this.#open.values()) await collection.dropIndexes();
	}

	async missingIndexes(): Promise<string[]> {
		const missing = await Promise.all(
			[...this.#open.values()].map(async (collection) =>
				(await collection.missingIndexes()).map((index) => `${collection.name}.${index}`),
			),
		);
		return missing.flat();
	}

	async health(): Promise<StoreHealth> {
		if (!this.#backend) return { ok: false, detail: "the store is not open", missingIndexes: [] };
		try {
			await this.#backend.ping();
			const missingIndexes = await this.missingIndexes();
			if (missingIndexes.length === 0) return { ok: true, missingIndexes };
			return { ok: false, detail: `indexes are missing: ${missingIndexes.join(", ")}`, missingIndexes };
		} catch (error) {
			return { ok: false, detail: error instanceof Error ? error.message : String(error), missingIndexes: [] };
		}
	}
}

/** `store.orders` is the collection of that name, from `open()` to `close()`. */
export type Store<C> = StoreControl & { readonly [K in keyof C]: StoreCollection<C[K] & Document> };

/** A store that is not open yet. Services get theirs from the mixin; this is for scripts, tests and other mixins. */
export const createStore = <C extends { [K in keyof C]: Document }>(options: StoreOptions<C>): Store<C> =>
	new StoreControl(options as StoreOptions<Record<string, Document>>) as Store<C>;

export const openStore = async <C extends { [K in keyof C]: Document }>(options: StoreOptions<C>): Promise<Store<C>> => {
	const store = createStore<C>(options);
	await store.open();
	return store;
};
