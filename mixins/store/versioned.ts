import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { EventDraft } from "../../contracts/events.ts";
import type { OutboxEvent } from "../durable-events/port.ts";
import { traceparentFor } from "../tracing/spans.ts";
import { StoreUnavailable, WriteUncertain } from "./errors.ts";
import { inTurn } from "./in-turn.ts";
import type { Document, Update } from "./port.ts";
import type { StoreCollection } from "./store.ts";

// Entities: documents with a version that counts their changes and an outbox that takes the events of a change into the same write.
// Book-keeping on the outbox (marks, removals) is a plain update of the collection: it is no change, and the version stays.

export interface Entity extends Document {
	/** 1 for the document as it was made; each change adds 1, and is filtered on the version that it was decided on. */
	version: number;
	/** ISO 8601, UTC: when the last change was. */
	updatedAt: string;
	outbox?: OutboxEvent[];
	/** Epoch ms: from then on a sweeper may take what is in the outbox for orphaned. Absent when there is nothing to look for. */
	outboxAt?: number;
	/** Epoch ms: when the oldest of the requests came that are remembered here. Written without a version. */
	requestsAt?: number;
	/** The marks of the last few changes: after a lost answer they tell whether a change was made. */
	changes?: string[];
}

/** The index that a sweeper finds outboxes by: belongs to the spec of every collection of entities with events. */
export const outboxIndex = { name: "outbox", fields: [["outboxAt", 1]], sparse: true } as const;

/** The index by which remembered requests are found when they have had their time: of every collection of entities with `requests`. */
export const requestsIndex = { name: "requests_at", fields: [["requestsAt", 1]], sparse: true } as const;

/** When and on whose behalf. */
export interface Cause {
	/** Epoch ms. */
	at: number;
	/** For the events' envelopes. Without a trace: that of what this code runs for. */
	requestid?: string | undefined;
	traceparent?: string | undefined;
}

/** A change, in terms of port.ts; `version`, `updatedAt` and the outbox are added to it. */
export interface Change {
	set?: Readonly<Record<string, unknown>>;
	unset?: readonly string[];
	inc?: Readonly<Record<string, number>>;
	push?: Readonly<Record<string, unknown>>;
	pull?: Readonly<Record<string, unknown>>;
	addToSet?: Readonly<Record<string, unknown>>;
	events?: readonly EventDraft[];
}

export interface Mutation<T> {
	/** False when `decide` answered null. */
	changed: boolean;
	entity: T;
	events: readonly OutboxEvent[];
}

/** Others changed the entity again and again between our read and our write. Nothing was written; later it may work. */
export class Contended extends Error {
	override readonly name = "Contended";
	readonly collection: string;
	readonly id: string;
	constructor(collection: string, id: string) {
		super(`${collection} ${id} is being changed by many at once`);
		this.collection = collection;
		this.id = id;
	}
}

/** Marks that are kept: as many others may change the entity between a lost answer and the read that looks for our mark. */
const keptMarks = 4;
const tries = 16;
const longestPause = 100;
/** Reads after a lost answer, before the caller has to live with "uncertain". */
const resolveTries = 3;

const markBytes = 6;
/** Random bytes in store: asking for six costs as much as asking for thousands, and each change needs six. */
const pool = { bytes: Buffer.alloc(0), at: 0 };

export const mark = (): string => {
	if (pool.at >= pool.bytes.length) Object.assign(pool, { bytes: randomBytes(markBytes * 512), at: 0 });
	pool.at += markBytes;
	return pool.bytes.toString("base64url", pool.at - markBytes, pool.at);
};

const pause = (attempt: number): Promise<void> => delay(Math.random() * Math.min(longestPause, 2 ** attempt));

/** The events of version `version` of an entity, as they stand in its outbox. */
export const envelopes = (
	{ name, outbox }: StoreCollection<never>,
	id: string,
	version: number,
	drafts: readonly EventDraft[],
	{ at, requestid, traceparent }: Cause,
): OutboxEvent[] => {
	const [first] = drafts;
	if (!first) return [];
	const trace = traceparent ?? traceparentFor(first.type);
	return drafts.map((draft, index) => ({
		specversion: "1.0",
		// The same change has the same ids, however often it is tried.
		id: `${name}.${id}.${version}.${index}`,
		source: outbox.source,
		time: new Date(at).toISOString(),
		...draft,
		...(requestid ? { requestid } : {}),
		traceparent: trace,
	}));
};

/** Hands events to whoever publishes them. To be called once the write that carries them is durable. */
export const tell = (collection: StoreCollection<never>, id: string, events: readonly OutboxEvent[]): void => {
	if (events.length > 0) collection.outbox.onEvents?.(collection.name, id, events);
};

/**
 * Stores a new entity, version 1, with its events in the same write. A repeat changes nothing and answers what is stored with
 * `created: false`; a lost answer is repeated inside and then answers `created: true` all the same.
 *
 * Throws DuplicateKey, StoreUnavailable, WriteUncertain (see port.ts).
 */
export const createEntity = async <T extends Entity>(
	collection: StoreCollection<T>,
	entity: Omit<T, "version" | "updatedAt" | "outbox" | "outboxAt" | "changes"> & Document,
	events: readonly EventDraft[],
	cause: Cause,
): Promise<{ created: boolean; entity: T }> => {
	const ours = mark();
	const outbox = envelopes(collection as never, entity._id, 1, events, cause);
	const document = {
		...entity,
		version: 1,
		updatedAt: new Date(cause.at).toISOString(),
		changes: [ours],
		...(outbox.length > 0 ? { outbox, outboxAt: cause.at + collection.outbox.graceMs } : {}),
	} as unknown as T; // what `entity` leaves out of T is what stands here
	const { document: stored } = await collection.create(document);
	const created = stored.changes?.includes(ours) ?? false;
	if (created) tell(collection as never, entity._id, outbox);
	return { created, entity: stored };
};

/** Whether a request is among what changes. */
const remembers = ({ push, set }: Change): boolean => push?.requests !== undefined || set?.requests !== undefined;

export const updateFor = (
	change: Change,
	outbox: readonly OutboxEvent[],
	ours: string,
	{ at }: Cause,
	graceMs: number,
): Update => ({
	$set: { ...change.set, updatedAt: new Date(at).toISOString() },
	$inc: { ...change.inc, version: 1 },
	$unset: Object.fromEntries((change.unset ?? []).map((path) => [path, true])),
	$push: {
		...change.push,
		changes: { $each: [ours], $slice: -keptMarks },
		...(outbox.length > 0 ? { outbox: { $each: outbox } } : {}),
	},
	$pull: { ...change.pull },
	$addToSet: { ...change.addToSet },
	// $min: a younger event must not put off the sweep that an older one waits for.
	$min: { ...(outbox.length > 0 ? { outboxAt: at + graceMs } : {}), ...(remembers(change) ? { requestsAt: at } : {}) },
});

/** The write of one round. It may have happened, and as long as the version stands still it may yet happen. */
export interface Try {
	ours: string;
	events: readonly OutboxEvent[];
}

/** What somebody who gave up before knows. */
export interface Before {
	unanswered: Try;
	/** The answer to it was lost. */
	lost: WriteUncertain | undefined;
}

/** Reads; only when `lost` is set, so that giving up has something true to say, tries it more than once. */
const read = async <T extends Entity>(
	collection: StoreCollection<T>,
	id: string,
	lost: WriteUncertain | undefined,
): Promise<T | null> => {
	for (let attempt = 1; ; attempt++) {
		try {
			return await collection.findById(id);
		} catch (error) {
			if (!lost || !(error instanceof StoreUnavailable)) throw error;
			if (attempt >= resolveTries) throw lost;
		}
		await pause(attempt + 4);
	}
};

const run = async <T extends Entity>(
	collection: StoreCollection<T>,
	id: string,
	decide: (current: T) => Change | null,
	cause: Cause,
	known: T | undefined,
	before?: Before,
): Promise<Mutation<T> | null> => {
	const unanswered: Try[] = before ? [before.unanswered] : [];
	let lost = before?.lost;
	for (let round = 0; round < tries; round++) {
		if (round > 0) await pause(round);
		const guess = round === 0 ? known : undefined;
		const current = guess ?? (await read(collection, id, lost));
		if (!current) return null;
		const arrived = unanswered.find(({ ours }) => current.changes?.includes(ours));
		if (arrived) return { changed: true, entity: current, events: arrived.events };
		const change = decide(current);
		if (!change && guess) continue; // it may only seem so: what is known may be old
		if (!change) return { changed: false, entity: current, events: [] };
		const ours = mark();
		const events = envelopes(collection as never, id, current.version + 1, change.events ?? [], cause);
		const update = updateFor(change, events, ours, cause, collection.outbox.graceMs);
		try {
			const entity = await collection.update({ _id: id, version: current.version }, update);
			if (entity) return { changed: true, entity, events };
		} catch (error) {
			if (lost && error instanceof StoreUnavailable) throw lost; // "nothing was written" would not be true of the round before
			if (!(error instanceof WriteUncertain)) throw error;
			lost = error;
			unanswered.push({ ours, events });
		}
	}
	throw lost ?? new Contended(collection.name, id);
};

/**
 * Changes an entity: reads it, asks `decide` what to do with what it read, and writes that under the condition that nobody else
 * came first; if somebody did, from the start. `decide` may run several times, must not have effects, and may throw to refuse.
 * Its null means that there is nothing to change. Answers null when there is no such entity.
 *
 * `known` is the entity as the caller saw it last: it saves the read if nobody changed it since. Only for decisions that never
 * throw, because the first may be made on what is no longer true.
 *
 * `before` is a try of the caller's own that may have happened: see versioned-many.ts.
 *
 * A lost answer is resolved by a read. After it `entity` may already show later changes of others.
 * Throws Contended, DuplicateKey, StoreUnavailable (nothing was written), WriteUncertain (not even the read got through).
 */
export const mutate = <T extends Entity>(
	collection: StoreCollection<T>,
	id: string,
	decide: (current: T) => Change | null,
	cause: Cause,
	known?: T,
	before?: Before,
): Promise<Mutation<T> | null> =>
	// One at a time in this process: on a busy entity it is cheaper to wait than to lose the race.
	inTurn(`${collection.name}/${id}`, collection.outbox, async () => {
		const result = await run(collection, id, decide, cause, known, before);
		if (result?.changed) tell(collection as never, id, result.events);
		return result;
	});
