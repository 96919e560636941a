import type { OutboxEntity, OutboxSource } from "../bus.ts";
import { MicroBatch } from "../micro-batch.ts";
import { takeOutAll, takeOutSome } from "../outbox-updates.ts";
import { fixed } from "../settings.ts";

interface Handled {
	entityId: string;
	eventId: string;
}

/** How long events that nobody wants stay in their outboxes, so that many leave in one write, in ms. Nothing waits for them. */
const unwantedMs = 250;

/** Takes events out of the outboxes of one collection when every group has handled them. */
export class LocalOutbox {
	readonly source: OutboxSource;
	readonly #removals: MicroBatch<Handled, undefined>;
	readonly #unwanted: MicroBatch<Handled, undefined>;

	constructor(source: OutboxSource) {
		this.source = source;
		const flush = (items: readonly Handled[]): Promise<undefined[]> => this.#takeOut(items);
		this.#removals = new MicroBatch({ gatherMs: fixed.gatherMs / 2, flush });
		this.#unwanted = new MicroBatch({ gatherMs: unwantedMs, flush });
	}

	/** Resolves when it is out. Repeating it is harmless. */
	handled(entityId: string, eventId: string): Promise<void> {
		return this.#removals.add({ entityId, eventId });
	}

	/** As `handled`, in a while. */
	unwanted(entityId: string, eventId: string): Promise<void> {
		return this.#unwanted.add({ entityId, eventId });
	}

	/** An empty outbox that is still due: nothing is in it, nothing need come. */
	async settle(entities: readonly OutboxEntity[]): Promise<void> {
		if (entities.length > 0) await this.source.collection.updateMany(entities.map(({ _id }) => takeOutAll(_id, [])));
	}

	async drain(): Promise<void> {
		await Promise.all([this.#removals.drain(), this.#unwanted.drain()]);
	}

	async #takeOut(items: readonly Handled[]): Promise<undefined[]> {
		const { collection } = this.source;
		const byEntity = Map.groupBy(items, ({ entityId }) => entityId);
		const all = [...byEntity].map(([id, events]) => ({ id, eventIds: [...new Set(events.map(({ eventId }) => eventId))] }));
		const emptied = await collection.updateMany(all.map(({ id, eventIds }) => takeOutAll(id, eventIds)));
		// Some have more in their outbox: only these events go, the sweep stays due for the rest.
		if (emptied < all.length) await collection.updateMany(all.map(({ id, eventIds }) => takeOutSome(id, eventIds)));
		return items.map(() => undefined);
	}
}
