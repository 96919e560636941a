import { createHash } from "node:crypto";
import type { Static } from "typebox";
import { type ChangeOrigin, type ChangeRecord, changeHeaders } from "../../contracts/change-feed.ts";
import type { Feed } from "./catalogue.ts";

// What a change becomes. The events of change streams: https://www.mongodb.com/docs/manual/reference/change-events/

type Body = Readonly<Record<string, unknown>>;

/** The part of MongoDB's change events that we read. */
export interface ChangeEvent {
	readonly _id: unknown;
	readonly operationType: string;
	readonly documentKey?: { readonly _id?: unknown };
	/** As it was looked up, so of this change or a later one; null if it was removed since. */
	readonly fullDocument?: Body | null;
	readonly fullDocumentBeforeChange?: Body | null;
	/** Seconds since 1970 and a count within that second. */
	readonly clusterTime?: { readonly t: number; readonly i: number };
	/** From MongoDB 6.0 on. */
	readonly wallTime?: Date;
}

export type ChangeBody = Static<typeof ChangeRecord>;
export type Op = ChangeBody["op"];

/** A record as it goes out. */
export interface Message {
	readonly collection: string;
	/** The document's id: messages of one document go out one after the other. */
	readonly key: string;
	readonly id: string;
	readonly op: Op;
	readonly origin: ChangeOrigin;
	/** Epoch ms. */
	readonly at: number;
	readonly record: ChangeBody;
}

/** `none`: nothing to tell. `ended`: the collection is not the one that it was. */
export type Reading = { kind: "message"; message: Message } | { kind: "none" } | { kind: "ended"; by: string };

const ops: Readonly<{ [type: string]: Op }> = { insert: "c", update: "u", replace: "u", delete: "d" };
/** After the first three comes an `invalidate` as well, where the server sends it. */
const endings: ReadonlySet<string> = new Set(["drop", "rename", "dropDatabase", "invalidate"]);

export const keyOf = (id: unknown): string => (typeof id === "string" ? id : JSON.stringify(id));

/** Only what is allowed out. */
export const published = (document: Body | null | undefined, { fields }: Feed): Body | null => {
	if (!document) return null;
	const kept = fields.filter((field) => Object.hasOwn(document, field)).map((field) => [field, document[field]]);
	return { _id: document._id, ...Object.fromEntries(kept) };
};

const hex = (number: number): string => (number >>> 0).toString(16).padStart(8, "0");

const digest = (...parts: readonly string[]): string =>
	createHash("sha256").update(parts.join("\0")).digest("base64url").slice(0, 22);

/** The same for whoever reads the event, and in the order of the database's clock within a collection. */
const idOf = (collection: string, { _id, clusterTime }: ChangeEvent): string =>
	`${clusterTime ? hex(clusterTime.t) + hex(clusterTime.i) : ""}-${digest(collection, JSON.stringify(_id))}`;

/** Epoch ms; undefined if the server does not say. */
export const timeOf = ({ wallTime, clusterTime }: Pick<ChangeEvent, "wallTime" | "clusterTime">): number | undefined =>
	wallTime?.getTime() ?? (clusterTime ? clusterTime.t * 1_000 : undefined);

/** `now`: epoch ms, for servers that do not say when. */
export const readChange = (collection: string, feed: Feed, event: ChangeEvent, now: number): Reading => {
	if (endings.has(event.operationType)) return { kind: "ended", by: event.operationType };
	const op = ops[event.operationType];
	const id = event.documentKey?._id;
	// Others (an index was made, a collection was sharded) are about no document. One without a key is of a document that is gone by now: it
	// has nothing to tell that its removal does not.
	if (!op || id === undefined || id === null) return { kind: "none" };
	const at = timeOf(event) ?? now;
	const record: ChangeBody = {
		before: op === "c" ? null : published(event.fullDocumentBeforeChange, feed),
		after: op === "d" ? null : published(event.fullDocument, feed),
		op,
		ts_ms: at,
	};
	const message: Message = { collection, key: keyOf(id), id: idOf(collection, event), op, origin: "stream", at, record };
	return { kind: "message", message };
};

/** A document as a sweep found it. `sweep` tells this sweep from all others: what it says is no repeat of what another one said. */
export const readDocument = (collection: string, feed: Feed, document: Body, sweep: string, now: number): Message => {
	const key = keyOf(document._id);
	const record: ChangeBody = { before: null, after: published(document, feed), op: "u", ts_ms: now };
	return { collection, key, id: `${sweep}-${digest(collection, key)}`, op: "u", origin: "sweep", at: now, record };
};

/** What tells whether a document looks different from before to those outside. */
export const fingerprint = ({ record }: Pick<Message, "record">): string => digest(JSON.stringify(record.after));

export const headersOf = ({ id, key, origin }: Message): [name: string, value: string][] => [
	[changeHeaders.id, id],
	[changeHeaders.document, encodeURIComponent(key)],
	[changeHeaders.origin, origin],
];

/** In place of what the bus would not take: that it changed, and which one. */
export const withoutBodies = (message: Message): { record: ChangeBody; headers: [name: string, value: string][] } => ({
	record: { ...message.record, before: null, after: null },
	headers: [...headersOf(message), [changeHeaders.omitted, "too-large"]],
});
