import type { CallMeta, RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { inboxOf, inboxPrefix } from "../../contracts/sockets.ts";
import type { CountersMessage } from "../../contracts/stream-messages.ts";
import type { Change, Entity } from "../../mixins/store/versioned.ts";
import { add, ascending, complement, descending, has, none, remove, type SeqSet, sizeOf, union } from "./seq-set.ts";

// What somebody has done with their notifications. docs/decisions/0020-inbox.md

/** Which of them are seen, read and archived. What is read is seen. */
export interface States {
	seen: SeqSet;
	read: SeqSet;
	archived: SeqSet;
}

/** Under the stream's id. `version` counts what its user did; that something came is the log's to say. */
export interface Inbox extends Entity, States {
	userId: string;
	createdAt: string;
	/** There are as many notifications at least: where the log may end. Written without a version. */
	tail: number;
	/** Archived notifications that have lost their bodies. Written without a version, as is the next. */
	faded?: SeqSet;
	/** Epoch ms: when to look whether archived ones are old enough for that. Absent: there are none. */
	archivedDue?: number;
	/** Moves that came with an Idempotency-Key. */
	requests?: Done[];
	/** The account is gone, and its notifications with it. */
	erased?: true;
}

export type Move = "read" | "unread" | "archive" | "seen" | "readAll";

interface Done extends Pick<RequestKey, "key" | "hash"> {
	/** ISO 8601; earlier versions did not say. */
	at?: string;
	move: Move;
	result: Moved;
}

/** What a move is answered with, the notification that it was about aside. */
export interface Moved {
	version: number;
	counters: CountersMessage;
	/** Of the notification that it was about. */
	flags?: Flags;
}

export interface Flags {
	seen: boolean;
	read: boolean;
	archived: boolean;
}

export const userOf = (stream: string): string => stream.slice(inboxPrefix.length);

export type NewInbox = Omit<Inbox, "version" | "updatedAt">;

export const newInbox = (userId: string, at: string): NewInbox => ({
	_id: inboxOf(userId),
	userId,
	createdAt: at,
	tail: 0,
	seen: none,
	read: none,
	archived: none,
});

type Counted = States & Pick<Inbox, "version" | "tail">;

const untouched: States & { version: number } = { seen: none, read: none, archived: none, version: 0 };

const endOf = (set: SeqSet): number => set.at(-1)?.[1] ?? 0;

/** Where the log ends, from what somebody read of it and from what the inbox tells: neither is ahead of it, either may be behind. */
export const tailOf = (inbox: Pick<Inbox, "tail" | "seen" | "archived"> | null, known: number): number =>
	inbox ? Math.max(known, inbox.tail, endOf(inbox.seen), endOf(inbox.archived)) : known;

/** `known`: as of `tailOf`. Of both summands of its version every change makes a greater one, so no two states share a version. */
export const countersOf = (inbox: Counted | null, known: number): CountersMessage => {
	const { seen, read, archived, version } = inbox ?? untouched;
	const tail = tailOf(inbox, known);
	return {
		unseen: tail - sizeOf(union(seen, archived)),
		unread: tail - sizeOf(union(read, archived)),
		total: tail - sizeOf(archived),
		version: version + tail,
	};
};

export const flagsOf = (states: States | null, seq: number): Flags => {
	const { seen, read, archived } = states ?? untouched;
	return { seen: has(seen, seq), read: has(read, seq), archived: has(archived, seq) };
};

/** Up to which all of them are read. */
export const readUpTo = ({ read: [first] }: States): number => (first?.[0] === 1 ? first[1] : 0);

export const filters = ["unseen", "unread", "archived", "all"] as const;
export type Filter = (typeof filters)[number];

const wanted = ({ seen, read, archived }: States, tail: number, filter: Filter | undefined): SeqSet => {
	if (filter === "archived") return archived;
	if (filter === "all") return complement(none, tail);
	if (filter === "unseen") return complement(union(seen, archived), tail);
	return complement(filter === "unread" ? union(read, archived) : archived, tail);
};

/** Seqs of a page, the newest first. Without a filter: all that are not archived. */
export const pageOf = (
	states: States | null,
	tail: number,
	filter: Filter | undefined,
	before: number,
	limit: number,
): number[] => descending(wanted(states ?? untouched, tail, filter), before, limit);

/** The `limit` after the first `skip`, and how many there are. */
export const sliceOf = (states: States | null, tail: number, skip: number, limit: number): { seqs: number[]; total: number } => {
	const set = wanted(states ?? untouched, tail, undefined);
	return { seqs: descending(set, tail + 1, skip + limit).slice(skip), total: sizeOf(set) };
};

export interface MoveInput {
	move: Move;
	/** The notification, or up to which. */
	seq: number;
	/** Where the log ends. */
	tail: number;
	/** Only with a key that the client named is a move remembered: without one nobody can repeat it. */
	request?: RequestKey | undefined;
	ifMatch?: CallMeta["ifMatch"];
}

const statesAfter = ({ seen, read, archived }: States, { move, seq }: MoveInput): States => {
	if (move === "unread") return { seen, read: remove(read, seq, seq), archived };
	if (move === "archive") return { seen, read, archived: add(archived, seq, seq) };
	const from = move === "read" ? seq : 1;
	return { seen: add(seen, from, seq), read: move === "seen" ? read : add(read, from, seq), archived };
};

const sameSet = (a: SeqSet, b: SeqSet): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The answer of an inbox as it is, to a move that found nothing to do or that was made. */
export const movedOf = (inbox: Counted, { move, seq, tail }: MoveInput): Moved => ({
	version: inbox.version,
	counters: countersOf(inbox, tail),
	...(move !== "seen" && move !== "readAll" && { flags: flagsOf(inbox, seq) }),
});

/** The first answer to this request; undefined if there was none. Throws IDEMPOTENCY_KEY_REUSED. */
export const answered = ({ requests = [] }: Pick<Inbox, "requests">, { request, move }: MoveInput): Moved | undefined => {
	const done = request?.named ? requests.find(({ key }) => key === request.key) : undefined;
	if (done && (done.hash !== request?.hash || done.move !== move)) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	return done?.result;
};

const keptRequests = 200;

/** `at`: epoch ms. Null: it was done before, or nothing is left to do. Throws IDEMPOTENCY_KEY_REUSED, VERSION_CONFLICT, NOT_FOUND (the account is gone). */
export const decideMove = (inbox: Inbox, input: MoveInput, at: number): Change | null => {
	if (inbox.erased) throw new DomainError("NOT_FOUND");
	if (answered(inbox, input)) return null;
	const { request, ifMatch, move } = input;
	if (ifMatch !== undefined && ifMatch !== "*" && !ifMatch.includes(inbox.version)) throw new DomainError("VERSION_CONFLICT");
	const after = statesAfter(inbox, input);
	const changed = (["seen", "read", "archived"] as const).filter((name) => !sameSet(inbox[name], after[name]));
	if (changed.length === 0 && !request?.named) return null;
	const result = movedOf({ ...inbox, ...after, version: inbox.version + 1 }, input);
	const done: Done[] = request?.named
		? [{ key: request.key, hash: request.hash, at: new Date(at).toISOString(), move, result }]
		: [];
	return {
		set: {
			...Object.fromEntries(changed.map((name) => [name, after[name]])),
			// Somebody looks soon, and then knows how long there is to wait.
			...(changed.includes("archived") && { archivedDue: at }),
		},
		...(done.length > 0 && { push: { requests: { $each: done, $slice: -keptRequests } } }),
	};
};

/** The account is gone: nothing is left to count or to show. Null if that was done. */
export const decideErase = (inbox: Inbox): Change | null =>
	inbox.erased
		? null
		: {
				set: { erased: true, seen: none, read: none, archived: none },
				unset: ["requests", "requestsAt", "faded", "archivedDue"],
			};

/** Those of the archived that have their bodies still, the oldest `limit`. */
export const unfaded = ({ archived, faded = none }: Pick<Inbox, "archived" | "faded">, limit: number): number[] => {
	const end = archived.at(-1)?.[1] ?? 0;
	// What is not archived is out of the question, as is what has faded.
	return ascending(complement(union(complement(archived, end), faded), end), limit);
};
