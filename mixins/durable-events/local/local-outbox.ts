import type { OutboxEntity, OutboxSource } from "../bus.ts";
import { MicroBatch } from "../micro-batch.ts";
import { takeOutAll, takeOutSome } from "../outbox-updates.ts";
import { fixed } from "../settings.ts";

interface Handled {
	entityId: string;
	eventId: string;
}

/** Takes events out of the outboxes of one collection when every group has handled them. */
export class LocalOutbox {
	readonly source: OutboxSource;
	readonly #removals: MicroBatch<Handled, undefined>;

	constructor(source: OutboxSource) {
		this.source = source;
		this.#removals = new MicroBatch({ gatherMs: fixed.leaveMs, flush: (items) => this.#takeOut(items) });
	}

	/** Resolves when it is out, in a while. Repeating it is harmless. */
	handled(entityId: string, eventId: string): Promise<void> {
		return this.#removals.add({ entityId, eventId });
	}

	/** An empty outbox that is still due: nothing is in it, nothing need come. */
	async settle(entities: readonly OutboxEntity[]): Promise<void> {
		if (entities.length > 0) await this.source.collection.updateMany(entities.map(({ _id }) => takeOutAll(_id, [])));
	}

	/** Who stops waits for it. */
	hurry(): void {
		this.#removals.hurry();
	}

	async drain(): Promise<void> {
		await this.#removals.drain();
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
