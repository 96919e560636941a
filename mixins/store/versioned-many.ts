import { applyUpdate } from "./apply-update.ts";
import { StoreUnavailable, WriteUncertain } from "./errors.ts";
import type { Document, Update, Where } from "./port.ts";
import type { StoreCollection } from "./store.ts";
import {
	type Cause,
	type Change,
	type Entity,
	envelopes,
	type Mutation,
	mark,
	mutate,
	type Try,
	tell,
	updateFor,
} from "./versioned.ts";

// Changes and documents of many entities in one command, each with its own outcome: what versioned.ts does for one.

/** One change of many; the same rules as for `mutate`. */
export interface Move<T> {
	/** The entity as the caller saw it last. `decide` is asked about it first, and must not throw for it. */
	known: T;
	decide: (current: T) => Change | null;
	cause: Cause;
}

interface Bid<T> extends Move<T>, Try {
	where: Where & { _id: string };
	update: Update;
}

const bidFor = <T extends Entity>(collection: StoreCollection<T>, move: Move<T>, change: Change): Bid<T> => {
	const { known, cause } = move;
	const ours = mark();
	const events = envelopes(collection as never, known._id, known.version + 1, change.events ?? [], cause);
	const update = updateFor(change, events, ours, cause, collection.outbox.graceMs);
	return { ...move, ours, events, where: { _id: known._id, version: known.version }, update };
};

/** Nobody came in between, so this is what the store has now; book-keeping on the outbox, which is no change, left aside. */
const after = <T extends Entity>({ known, update, where }: Bid<T>): T => {
	const entity = structuredClone(known);
	applyUpdate(entity, update, where);
	return entity;
};

/** Whether all were made; otherwise some may have been. */
const bidAll = async <T extends Entity>(
	collection: StoreCollection<T>,
	bids: readonly Bid<T>[],
): Promise<{ all: boolean; lost?: WriteUncertain }> => {
	try {
		return { all: (await collection.updateMany(bids)) === bids.length };
	} catch (error) {
		if (error instanceof WriteUncertain) return { all: false, lost: error };
		// Of several writes some may have been made before the store refused the others.
		if (error instanceof StoreUnavailable) return { all: false, lost: new WriteUncertain(error.message, { cause: error }) };
		return { all: false }; // one of them cannot be written: each hears of its own
	}
};

/** Those whose mark is there; none where nobody can look, and then each looks for itself. */
const arrived = async <T extends Entity>(collection: StoreCollection<T>, bids: readonly Bid<T>[]): Promise<Map<string, T>> => {
	try {
		const found = await collection.findByIds(bids.map(({ known }) => known._id));
		const byId = new Map(found.map((entity) => [entity._id, entity]));
		const ours = bids.filter(({ known, ours }) => byId.get(known._id)?.changes?.includes(ours));
		return new Map(ours.map(({ known }) => [known._id, byId.get(known._id) as T])); // the filter has just seen it
	} catch (error) {
		if (error instanceof StoreUnavailable) return new Map();
		throw error;
	}
};

const makeBids = async <T extends Entity>(
	collection: StoreCollection<T>,
	bids: readonly Bid<T>[],
): Promise<PromiseSettledResult<Mutation<T> | null>[]> => {
	if (bids.length === 0) return [];
	const { all, lost } = await bidAll(collection, bids);
	const there = all ? null : await arrived(collection, bids);
	const settle = async (bid: Bid<T>): Promise<Mutation<T> | null> => {
		const { known, decide, cause, ours, events } = bid;
		const entity = there ? there.get(known._id) : after(bid);
		if (!entity) return mutate(collection, known._id, decide, cause, undefined, { unanswered: { ours, events }, lost });
		tell(collection as never, known._id, events);
		return { changed: true, entity, events };
	};
	return Promise.allSettled(bids.map(settle));
};

/**
 * `mutate` for many entities, each of which is named once, in one command where nobody else changed any of them; those whom somebody did
 * change go their own way from there. One outcome each, in order, so that one that fails fails alone.
 */
export const mutateMany = async <T extends Entity>(
	collection: StoreCollection<T>,
	moves: readonly Move<T>[],
): Promise<PromiseSettledResult<Mutation<T> | null>[]> => {
	const bids = new Map<number, Bid<T>>();
	for (const [index, move] of moves.entries()) {
		const change = move.decide(move.known);
		if (change) bids.set(index, bidFor(collection, move, change));
	}
	const made = makeBids(collection, [...bids.values()]);
	// That there is nothing to change may only seem so: what is known may be old.
	const others = moves.filter((_move, index) => !bids.has(index));
	const looked = Promise.allSettled(others.map(({ known, decide, cause }) => mutate(collection, known._id, decide, cause)));
	const [bidden, rest] = [(await made).values(), (await looked).values()];
	// As many of each as there are.
	return moves.map((_move, index) => (bids.has(index) ? bidden : rest).next().value as PromiseSettledResult<Mutation<T> | null>);
};

/** A new entity without events, as `createEntity` would store it. */
export const newEntity = <T extends Entity>(
	entity: Omit<T, "version" | "updatedAt" | "outbox" | "outboxAt" | "changes"> & Document,
	{ at }: Cause,
): T => ({ ...entity, version: 1, updatedAt: new Date(at).toISOString(), changes: [mark()] }) as unknown as T; // what it leaves out of T stands here
