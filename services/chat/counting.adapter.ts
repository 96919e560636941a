import type { Collection } from "../../mixins/store/port.ts";
import type { Entry } from "../../realtime/entry.ts";
import type { StreamLog } from "../../realtime/log.ts";
import type { Conversation } from "./conversation.ts";
import { activityKey, comingBack, type Membership, membershipId, missingRows, rowIdsOf } from "./membership.ts";
import { countFor } from "./message.ts";

// What lists show of a conversation is folded from its log: the last entry into the conversation, unread messages and the time of the
// last activity into each member's row. Every row says up to which seq it has counted and is only changed from there, so a fold may run
// twice, on two nodes at once, or die anywhere: nothing is counted twice or left out.

const pageSize = 200;
/** Others who count the same row at the same time are few, and each time one of us gets further. */
const tries = 8;

export interface CountingParts {
	conversations: Collection<Conversation>;
	memberships: Collection<Membership>;
	log: StreamLog;
}

export class Counting {
	readonly #parts: CountingParts;
	readonly #running = new Map<string, Promise<void>>();
	readonly #next = new Map<string, Promise<void>>();

	constructor(parts: CountingParts) {
		this.#parts = parts;
	}

	/** Resolves when all that the log has by now is counted. Calls that come while one is under way share the next. */
	fold(stream: string): Promise<void> {
		const waiting = this.#next.get(stream);
		if (waiting) return waiting;
		const running = this.#running.get(stream);
		if (!running) return this.#start(stream);
		const next = (async () => {
			await running.catch(() => undefined); // its own callers were told; this one starts anew
			this.#next.delete(stream);
			await this.#start(stream);
		})();
		this.#next.set(stream, next);
		return next;
	}

	/** Rows of members that have none yet. */
	async complete(conversation: Conversation): Promise<Membership[]> {
		const { memberships } = this.#parts;
		const rows = await memberships.findByIds(rowIdsOf(conversation));
		const missing = missingRows(conversation, rows);
		if (missing.length === 0) return rows;
		await memberships.createMany(missing);
		await memberships.updateMany(missing.map(comingBack));
		return memberships.findByIds(rowIdsOf(conversation));
	}

	/** Marks messages as read, only forward. Answers the row as it is then; null if there is none. */
	async read(stream: string, userId: string, seq: number): Promise<Membership | null> {
		const { memberships } = this.#parts;
		const _id = membershipId(stream, userId);
		for (let attempt = 0; attempt < tries; attempt++) {
			const row = await memberships.findById(_id);
			if (!row || row.left) return null;
			const upTo = Math.min(seq, row.countedSeq);
			if (upTo <= row.readSeq) return row;
			const unread = await this.#between(stream, userId, upTo, row.countedSeq);
			const seen = { readSeq: row.readSeq, countedSeq: row.countedSeq };
			const update = { $set: { readSeq: upTo, unread }, $max: { deliveredSeq: upTo } };
			const changed = await memberships.update({ _id, ...seen }, update);
			if (changed) return changed;
		}
		return memberships.findById(_id); // others count and read without a pause: they got further than we would
	}

	/** Only forward, and not beyond what is counted. Null if there is no such row. */
	async delivered(stream: string, userId: string, seq: number): Promise<Membership | null> {
		const _id = membershipId(stream, userId);
		let row = await this.#parts.memberships.findById(_id);
		if (row && row.countedSeq < seq) {
			await this.fold(stream);
			row = await this.#parts.memberships.findById(_id);
		}
		if (!row || row.left) return null;
		return this.#parts.memberships.update({ _id }, { $max: { deliveredSeq: Math.min(seq, row.countedSeq) } });
	}

	#start(stream: string): Promise<void> {
		const run = this.#run(stream).finally(() => {
			if (this.#running.get(stream) === run) this.#running.delete(stream);
		});
		this.#running.set(stream, run);
		return run;
	}

	async #run(stream: string): Promise<void> {
		const { conversations, log } = this.#parts;
		for (;;) {
			const conversation = await conversations.findById(stream);
			if (!conversation) return;
			const entries = await log.after(stream, conversation.lastSeq, pageSize);
			const last = entries.at(-1);
			if (!last) return;
			await this.#count(conversation, entries, last);
			// Last of all: as long as this stands where it stood, the next fold looks at these entries again.
			const where = { _id: stream, lastSeq: { $lt: last.seq } };
			await conversations.update(where, { $set: { lastSeq: last.seq, lastEntry: last } });
			if (entries.length < pageSize) return;
		}
	}

	/** One command for all members, if nobody is ahead or behind. */
	async #count(conversation: Conversation, entries: readonly Entry[], last: Entry): Promise<void> {
		const { _id: stream, members, lastSeq } = conversation;
		const key = activityKey(last.at, stream);
		const updates = members.map(({ userId }) => ({
			where: { _id: membershipId(stream, userId), countedSeq: lastSeq },
			update: { $inc: { unread: countFor(userId, entries) }, $set: { countedSeq: last.seq, activityKey: key } },
		}));
		if ((await this.#parts.memberships.updateMany(updates)) === members.length) return;
		for (const row of await this.complete(conversation)) await this.#catchUp(row, last);
	}

	async #catchUp(found: Membership, last: Entry): Promise<void> {
		const { memberships } = this.#parts;
		const { _id, streamId, userId } = found;
		const key = activityKey(last.at, streamId);
		let row: Membership | null = found;
		for (let attempt = 0; row && row.countedSeq < last.seq && attempt < tries; attempt++) {
			const { countedSeq }: Membership = row;
			const unread = await this.#between(streamId, userId, countedSeq, last.seq);
			const update = { $inc: { unread }, $set: { countedSeq: last.seq, activityKey: key } };
			row = (await memberships.update({ _id, countedSeq }, update)) ?? (await memberships.findById(_id));
		}
	}

	/** Messages for this person after `after`, up to `to`. */
	async #between(stream: string, userId: string, after: number, to: number): Promise<number> {
		let count = 0;
		for (let at = after; at < to; ) {
			const entries = await this.#parts.log.after(stream, at, Math.min(pageSize, to - at));
			const last = entries.at(-1);
			if (!last) break;
			count += countFor(userId, entries);
			at = last.seq;
		}
		return count;
	}
}
