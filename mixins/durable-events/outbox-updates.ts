import type { Update, Where } from "../store/port.ts";
import type { OutboxEntity } from "./bus.ts";
import type { OutboxEvent } from "./port.ts";

// Updates of outboxes. Each is filtered so that an event that was pushed since the document was read is never lost sight of:
// writers append to `outbox`, so as long as its last element is the one that was seen, nothing has been added.

export interface OutboxUpdate {
	where: Where;
	update: Update;
}

const nothingAdded = (seen: readonly OutboxEvent[]): Where => ({
	...(seen.length > 0 ? { [`outbox.${seen.length - 1}.id`]: seen[seen.length - 1]?.id ?? "" } : {}),
	[`outbox.${seen.length}.id`]: { $exists: false },
});

export const mark = (_id: string, eventId: string, published: NonNullable<OutboxEvent["published"]>): OutboxUpdate => ({
	where: { _id, "outbox.id": eventId },
	update: { $set: { "outbox.$.published": published } },
});

/** Nothing to do for the sweeper before `dueAt`. */
export const postpone = ({ _id, outbox = [] }: OutboxEntity, dueAt: number): OutboxUpdate => ({
	where: { _id, ...nothingAdded(outbox) },
	update: { $set: { outboxAt: dueAt } },
});

/** Takes events out; the sweeper comes back at `dueAt`, or not at all if that is null. */
export const takeOut = ({ _id, outbox = [] }: OutboxEntity, ids: readonly string[], dueAt: number | null): OutboxUpdate => ({
	where: { _id, ...nothingAdded(outbox) },
	update: {
		...(ids.length > 0 ? { $pull: { outbox: { id: { $in: ids } } } } : {}),
		...(dueAt === null ? { $unset: { outboxAt: true } } : { $set: { outboxAt: dueAt } }),
	},
});

/** Takes these out if there is nothing else, and then the sweeper need not come. */
export const takeOutAll = (_id: string, ids: readonly string[]): OutboxUpdate => ({
	where: {
		_id,
		...Object.fromEntries(ids.map((_id, index) => [`outbox.${index}.id`, { $in: ids }])),
		[`outbox.${ids.length}.id`]: { $exists: false },
	},
	update: { $pull: { outbox: { id: { $in: ids } } }, $unset: { outboxAt: true } },
});

/** Takes these out, whatever else there is. */
export const takeOutSome = (_id: string, ids: readonly string[]): OutboxUpdate => ({
	where: { _id, "outbox.id": { $in: ids } },
	update: { $pull: { outbox: { id: { $in: ids } } } },
});
