import type { OutboxEntity, OutboxSource } from "./bus.ts";

interface Range {
	/** Epoch ms, inclusive; left out: whatever has an outbox. */
	until?: number;
	limit?: number;
}

const standardLimit = 200;

/**
 * Walks through the entities whose outbox is to be looked at, in the order in which it is due; each entity at most once a walk.
 * Entities that change while we walk may be missed or seen as they were: the next walk sees them.
 */
export async function* outboxPages(
	source: OutboxSource,
	{ until, limit = standardLimit }: Range,
): AsyncGenerator<OutboxEntity[]> {
	let from = 0;
	let size = limit;
	let edge = new Set<string>(); // seen before, with outboxAt = from
	for (;;) {
		const range = { $gte: from, ...(until === undefined ? {} : { $lte: until }) };
		const page = await source.collection.find({ where: { outboxAt: range }, sort: [["outboxAt", 1]], limit: size });
		const fresh = page.filter(({ _id }) => !edge.has(_id));
		if (fresh.length > 0) yield fresh;
		if (page.length < size) return;
		const last = page.at(-1)?.outboxAt ?? from;
		// Many entities of one millisecond: a page that ends where it began would come again for ever.
		size = last === from ? size * 2 : limit;
		edge = new Set([...(last === from ? edge : []), ...page.filter(({ outboxAt }) => outboxAt === last).map(({ _id }) => _id)]);
		from = last;
	}
}
