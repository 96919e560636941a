import assert from "node:assert/strict";
import fc from "fast-check";
import { DomainError } from "../../../contracts/errors.ts";
import {
	answered,
	countersOf,
	decideErase,
	decideMove,
	type Filter,
	flagsOf,
	type Inbox,
	type Move,
	type MoveInput,
	newInbox,
	pageOf,
	sliceOf,
} from "../../../services/notification/inbox.ts";

const at = "2026-01-01T00:00:00.000Z";
const fresh: Inbox = { ...newInbox("ann", at), version: 1, updatedAt: at };

/** As the store would apply it. */
const moved = (inbox: Inbox, input: MoveInput): Inbox => {
	const change = decideMove(inbox, input, 0);
	if (!change) return inbox;
	const { requests } = (change.push ?? {}) as { requests?: { $each: NonNullable<Inbox["requests"]> } };
	const all = [...(inbox.requests ?? []), ...(requests?.$each ?? [])];
	return { ...inbox, ...change.set, ...(all.length > 0 && { requests: all }), version: inbox.version + 1 };
};

const code = (work: () => unknown): string => {
	try {
		work();
	} catch (error) {
		if (error instanceof DomainError) return error.code;
		throw error;
	}
	return "none";
};

interface Flags {
	seen: boolean;
	read: boolean;
	archived: boolean;
}

/** One flag record a notification, as plainly as it can be said. */
const model = (flags: Flags[], { move, seq }: { move: Move; seq: number }): void => {
	for (const [index, one] of flags.entries()) {
		const meant = move === "seen" || move === "readAll" ? index < seq : index === seq - 1;
		if (!meant) continue;
		if (move === "unread") one.read = false;
		if (move === "archive") one.archived = true;
		if (move === "seen" || move === "read" || move === "readAll") one.seen = true;
		if (move === "read" || move === "readAll") one.read = true;
	}
};

const tail = 12;
const moves = fc.array(
	fc.record({
		move: fc.constantFrom<Move>("read", "unread", "archive", "seen", "readAll"),
		seq: fc.integer({ min: 1, max: tail }),
	}),
	{ maxLength: 25 },
);

const done = (steps: readonly { move: Move; seq: number }[]): { inbox: Inbox; flags: Flags[] } => {
	const flags = Array.from({ length: tail }, () => ({ seen: false, read: false, archived: false }));
	let inbox = fresh;
	for (const step of steps) {
		inbox = moved(inbox, { ...step, tail });
		model(flags, step);
	}
	return { inbox, flags };
};

const fits: Record<Filter | "none", (flags: Flags) => boolean> = {
	none: ({ archived }) => !archived,
	all: () => true,
	archived: ({ archived }) => archived,
	unseen: ({ archived, seen }) => !archived && !seen,
	unread: ({ archived, read }) => !archived && !read,
};

describe("notification: what somebody has done with an inbox", () => {
	it("is what each move says, whatever came before", () => {
		fc.assert(
			fc.property(moves, (steps) => {
				const { inbox, flags } = done(steps);
				for (let seq = 1; seq <= tail; seq += 1) assert.deepEqual(flagsOf(inbox, seq), flags[seq - 1]);
				const counted = (filter: Filter | "none") => flags.filter(fits[filter]).length;
				const { unseen, unread, total } = countersOf(inbox, tail);
				assert.deepEqual([unseen, unread, total], [counted("unseen"), counted("unread"), counted("none")]);
			}),
		);
	});

	it("is listed by filter, the newest first, page by page without a gap or a repeat", () => {
		const filter = fc.constantFrom<Filter | "none">("none", "all", "archived", "unseen", "unread");
		fc.assert(
			fc.property(moves, filter, fc.integer({ min: 1, max: 5 }), (steps, name, limit) => {
				const { inbox, flags } = done(steps);
				const wanted = flags.flatMap((one, index) => (fits[name](one) ? [index + 1] : [])).reverse();
				const seen: number[] = [];
				for (let before = Number.MAX_SAFE_INTEGER; ; before = seen.at(-1) ?? 0) {
					const page = pageOf(inbox, tail, name === "none" ? undefined : name, before, limit);
					seen.push(...page);
					if (page.length < limit) break;
				}
				assert.deepEqual(seen, wanted);
				const skipped = sliceOf(inbox, tail, 2, limit);
				const shown = flags.flatMap(({ archived }, index) => (archived ? [] : [index + 1])).reverse();
				assert.deepEqual(skipped, { seqs: shown.slice(2, 2 + limit), total: shown.length });
			}),
		);
	});

	it("has counters whose version grows with every change and every notification", () => {
		fc.assert(
			fc.property(moves, (steps) => {
				let inbox = fresh;
				let { version, ...last } = countersOf(inbox, tail);
				for (const step of steps) {
					inbox = moved(inbox, { ...step, tail });
					const { version: next, ...counts } = countersOf(inbox, tail);
					if (JSON.stringify(counts) !== JSON.stringify(last)) assert.ok(next > version);
					assert.ok(next >= version);
					[version, last] = [next, counts];
				}
				assert.equal(countersOf(inbox, tail + 1).version, version + 1);
			}),
		);
	});

	it("counts an inbox that nobody has touched by its log alone", () => {
		assert.deepEqual(countersOf(null, 7), { unseen: 7, unread: 7, total: 7, version: 7 });
	});

	it("is never counted by less than it tells itself: a node may be behind", () => {
		const ahead: Inbox = { ...fresh, tail: 5, seen: [[1, 9]], read: [[1, 9]] };
		assert.deepEqual(countersOf(ahead, 3), { unseen: 0, unread: 0, total: 9, version: 10 });
	});

	it("is one interval for whoever reads all, however many there are", () => {
		const { read, seen } = moved(fresh, { move: "readAll", seq: 100_000, tail: 100_000 });
		assert.deepEqual([read, seen], [[[1, 100_000]], [[1, 100_000]]]);
	});

	it("is not changed where there is nothing to change", () => {
		const once = moved(fresh, { move: "read", seq: 3, tail });
		assert.equal(decideMove(once, { move: "read", seq: 3, tail }, 0), null);
		assert.equal(decideMove(fresh, { move: "unread", seq: 3, tail }, 0), null);
	});

	it("remembers requests with a key: the first answer again, also after other moves; another body or move is refused", () => {
		const request = { key: "k", hash: "h", named: true };
		const read: MoveInput = { move: "read", seq: 3, tail, request };
		const first = moved(fresh, read);
		const then = moved(first, { move: "unread", seq: 3, tail });
		assert.equal(decideMove(then, read, 0), null);
		const answer = answered(then, read);
		assert.deepEqual(answer?.flags, { seen: true, read: true, archived: false });
		assert.equal(answer?.version, first.version);
		assert.equal(code(() => decideMove(then, { ...read, request: { ...request, hash: "other" } }, 0)), "IDEMPOTENCY_KEY_REUSED"); // biome-ignore format: one line
		assert.equal(code(() => decideMove(then, { ...read, move: "archive" }, 0)), "IDEMPOTENCY_KEY_REUSED"); // biome-ignore format: one line
		// Without a name the key is random: it is not kept.
		assert.equal(moved(fresh, { ...read, request: { ...request, named: false } }).requests, undefined);
	});

	it("is changed under If-Match only from that version, but a repeat is answered all the same", () => {
		const request = { key: "k", hash: "h", named: true };
		const read: MoveInput = { move: "read", seq: 3, tail, request, ifMatch: [1] };
		const first = moved(fresh, read);
		assert.equal(decideMove(first, read, 0), null);
		assert.equal(code(() => decideMove(first, { move: "read", seq: 4, tail, ifMatch: [1] }, 0)), "VERSION_CONFLICT"); // biome-ignore format: one line
		assert.ok(decideMove(first, { move: "read", seq: 4, tail, ifMatch: [1, 2] }, 0));
		assert.ok(decideMove(first, { move: "read", seq: 4, tail, ifMatch: "*" }, 0));
	});

	it("takes no more moves once its account is gone", () => {
		assert.ok(decideErase(fresh)?.set?.erased);
		const gone: Inbox = { ...fresh, erased: true };
		assert.equal(decideErase(gone), null);
		assert.equal(code(() => decideMove(gone, { move: "read", seq: 1, tail }, 0)), "NOT_FOUND"); // biome-ignore format: one line
	});
});
