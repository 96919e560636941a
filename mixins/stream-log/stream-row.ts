import { canonicalJson } from "../../contracts/ids.ts";
import type { Entry } from "../../realtime/entry.ts";
import type { Draft } from "../../realtime/log.ts";
import type { OutboxEvent } from "../durable-events/port.ts";
import type { CollectionSpec, Document, Where } from "../store/port.ts";
import type { StoreCollection } from "../store/store.ts";
import { envelopes, outboxIndex } from "../store/versioned.ts";

/** One entry as the store has it. */
export interface StreamRow extends Document, Entry {
	outbox?: OutboxEvent[];
	/** Epoch ms: from then on a sweeper may take what is in the outbox for orphaned. */
	outboxAt?: number;
}

/**
 * The spec of a collection of entries. That (stream, seq) is unique is the id's work, see `rowId`: one index less to write for every
 * entry, and a range of a stream is a range of ids.
 */
export const streamRows = {
	indexes: [{ name: "posted", fields: [["stream", 1], ["from", 1], ["id", 1]], unique: true }, outboxIndex], // biome-ignore format: one line
} as const satisfies CollectionSpec;

const digits = 16; // of Number.MAX_SAFE_INTEGER

/** Sorts by seq within a stream. "/" is in no stream's name, so no other stream lies between two of these. */
export const rowId = (stream: string, seq: number): string =>
	`${stream}/${String(Math.max(0, Math.min(seq, Number.MAX_SAFE_INTEGER))).padStart(digits, "0")}`;

/** Exclusive at both ends. */
export const between = (stream: string, after: number, before: number): Where => ({
	_id: { $gt: rowId(stream, after), $lt: rowId(stream, before) },
});

export const toRow = (collection: StoreCollection<StreamRow>, { events, origin, ...entry }: Draft): StreamRow => {
	const row = { _id: rowId(entry.stream, entry.seq), ...entry };
	const at = Date.parse(entry.at);
	const outbox = envelopes(collection as never, row._id, 1, events, { at, ...origin });
	return outbox.length > 0 ? { ...row, outbox, outboxAt: at + collection.outbox.graceMs } : row;
};

export const toEntry = ({ stream, seq, id, type, from, body, at, erased }: StreamRow): Entry => ({
	stream,
	seq,
	id,
	type,
	from,
	body,
	at,
	...(erased ? { erased } : {}),
});

/** Both stores keep what JSON keeps of a body, and promise nothing about the order of its members. */
export const sameEntry = (a: Entry, b: Entry): boolean =>
	a.seq === b.seq && a.type === b.type && a.at === b.at && canonicalJson(a.body) === canonicalJson(b.body);
