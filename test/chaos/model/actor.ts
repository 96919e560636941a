import type { Entry } from "../../../realtime/entry.ts";
import type { Appended } from "../../../realtime/log.ts";
import type { Asked } from "../history.ts";
import type { Ack } from "../world.ts";
import type { Breakage } from "./broken.ts";
import type { ModelNode } from "./node.ts";

// The owner of a stream in the model: mailbox, group commit, fence, ring, cursors, backstop. As small as it can be and still have each of
// the mistakes that a real one could have.

const batchMost = 16;
const ringMost = 12;
const pageMost = 5;
const newestMost = 10;
const retryMs = 40;
const failedRoundsMost = 3;

export interface Job {
	readonly from: string;
	readonly id: string;
	readonly text: string;
	answer(ack: Ack): void;
}

export interface Follower {
	cursor: number;
	live: boolean;
	gone: boolean;
	ready(ready: { seq: number; reset: boolean }): void;
	entries(entries: readonly Entry[]): void;
	end(why: string): void;
}

const isSame = (one: Job, other: Job): boolean => one.from === other.from && one.id === other.id;

export class ModelActor {
	readonly #node: ModelNode;
	readonly #stream: string;
	readonly #followers = new Set<Follower>();
	#mailbox: Job[] = [];
	#ring: Entry[] = [];
	#tail = -1;
	#busy = false;
	#closed = false;
	#failedRounds = 0;
	#waiting: (() => void)[] = [];

	constructor(node: ModelNode, stream: string) {
		this.#node = node;
		this.#stream = stream;
	}

	load(): void {
		const old = this.#node.remembered.get(this.#stream);
		if (old && this.#is("stale ring without fence")) {
			this.#ring = [...old.ring];
			this.#begin(old.tail);
			return;
		}
		const { log } = this.#node.cluster;
		this.#node.ask(
			() => {
				const tail = log.tail(this.#stream);
				return { tail, ring: log.after(this.#stream, Math.max(0, tail - ringMost), ringMost) };
			},
			(answer) => {
				if (this.#closed) return;
				if (!answer) return this.#node.later(retryMs, () => this.load());
				this.#ring = answer.ring;
				this.#begin(answer.tail);
			},
		);
	}

	post(job: Job): void {
		if (this.#closed) {
			job.answer({ ok: false, code: "UNAVAILABLE", retryable: true });
			return;
		}
		this.#mailbox.push(job);
		if (this.#is("ack before the write")) job.answer({ ok: true, seq: Math.max(0, this.#tail) + this.#mailbox.length });
		this.#pump();
	}

	follow(asked: Asked, follower: Follower): void {
		if (this.#closed) {
			follower.end("moved");
			return;
		}
		this.#followers.add(follower);
		this.#whenLoaded(() => this.#place(asked, follower));
	}

	leave(follower: Follower): void {
		follower.gone = true;
		this.#followers.delete(follower);
	}

	backstop(): void {
		if (this.#closed || this.#tail < 0) return;
		if (!this.#node.owns(this.#stream)) {
			this.unload("moved");
			return;
		}
		if (this.#is("stale ring without fence")) return;
		this.#reread((reached) => {
			this.#failedRounds = reached ? 0 : this.#failedRounds + 1;
			if (this.#failedRounds >= failedRoundsMost) this.unload("problem UNAVAILABLE");
		});
	}

	unload(why: string): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#node.actors.delete(this.#stream);
		if (this.#tail >= 0) this.#node.remembered.set(this.#stream, { tail: this.#tail, ring: this.#ring });
		for (const job of this.#mailbox) job.answer({ ok: false, code: "UNAVAILABLE", retryable: true });
		this.#mailbox = [];
		for (const follower of this.#followers) follower.end(why);
		this.#followers.clear();
	}

	#is(breakage: Breakage): boolean {
		return this.#node.cluster.broken === breakage;
	}

	#begin(tail: number): void {
		this.#tail = tail;
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const act of waiting) act();
		this.#pump();
	}

	#whenLoaded(act: () => void): void {
		if (this.#tail >= 0) act();
		else this.#waiting.push(act);
	}

	#pump(): void {
		if (this.#busy || this.#closed || this.#tail < 0 || this.#mailbox.length === 0) return;
		this.#busy = true;
		const batch: Job[][] = [];
		const later: Job[] = [];
		for (const job of this.#mailbox) {
			const same = batch.find(([first]) => first && isSame(first, job));
			if (same && same[0]?.text === job.text) same.push(job);
			else if (same || batch.length === batchMost) later.push(job);
			else batch.push([job]);
		}
		this.#mailbox = later;
		const drafts = batch.flatMap(([job], index) => (job ? [this.#draft(job, this.#tail + 1 + index)] : []));
		if (this.#is("deliver before the write")) this.#deliver(drafts);
		this.#write(drafts, batch);
	}

	#draft({ from, id, text }: Job, seq: number): Entry {
		const at = `${this.#node.cluster.clock.now}@${this.#node.name}`;
		return { stream: this.#stream, seq, id, type: "message.posted", from, body: { text }, at };
	}

	/** Again and again with the same drafts until the outcome is known, also after it was unloaded. */
	#write(drafts: Entry[], batch: Job[][]): void {
		this.#node.ask(
			() => this.#node.cluster.log.append(drafts),
			(outcome) => {
				if (outcome) this.#settle(outcome, drafts, batch);
				else this.#node.later(retryMs, () => this.#write(drafts, batch));
			},
		);
	}

	#settle(outcome: Appended, drafts: Entry[], batch: Job[][]): void {
		const { stored } = outcome;
		this.#accept(drafts.slice(0, stored));
		for (const [index, jobs] of batch.slice(0, stored).entries()) {
			for (const job of jobs) job.answer({ ok: true, seq: drafts[index]?.seq ?? 0 });
		}
		if (outcome.end === "all") {
			this.#next();
			return;
		}
		if (outcome.end === "taken") {
			this.#again(batch.slice(stored));
			return;
		}
		const { entry } = outcome;
		for (const job of batch[stored] ?? []) this.#answerRepeat(job, entry);
		const rest = batch.slice(stored + 1);
		if (this.#is("renumber wrongly after a repeat") && rest.length > 0) {
			this.#write(drafts.slice(stored + 1), rest);
			return;
		}
		this.#again(rest);
	}

	#answerRepeat(job: Job, { seq, body }: Entry): void {
		if ((body as { text: string }).text === job.text) job.answer({ ok: true, seq });
		else job.answer({ ok: false, code: "ID_REUSED", retryable: false });
	}

	/** The rest goes back to the head and is numbered again from the tail as the log has it. */
	#again(rest: Job[][]): void {
		if (this.#closed) {
			for (const job of rest.flat()) job.answer({ ok: false, code: "UNAVAILABLE", retryable: true });
			return;
		}
		this.#mailbox = [...rest.flat(), ...this.#mailbox];
		this.#reread(() => this.#next());
	}

	#next(): void {
		this.#busy = false;
		this.#pump();
	}

	#reread(done: (reached: boolean) => void): void {
		this.#node.ask(
			() => this.#node.cluster.log.after(this.#stream, this.#tail, 50),
			(entries) => {
				this.#accept(entries ?? []);
				done(entries !== null);
			},
		);
	}

	#accept(entries: readonly Entry[]): void {
		const gapless = this.#is("renumber wrongly after a repeat") || this.#is("fence off");
		const fresh = entries.filter(({ seq }) => seq > this.#tail);
		if (fresh.length === 0 || (fresh[0]?.seq !== this.#tail + 1 && !gapless)) return;
		this.#tail = fresh.at(-1)?.seq ?? this.#tail;
		this.#ring = [...this.#ring, ...fresh].slice(-ringMost);
		if (!this.#closed) this.#deliver(fresh);
	}

	#deliver(entries: readonly Entry[]): void {
		for (const follower of this.#followers) {
			if (this.#is("live before catch-up ended") && follower.cursor >= 0) {
				follower.entries(entries);
				if (follower.live) follower.cursor = entries.at(-1)?.seq ?? follower.cursor;
				continue;
			}
			if (!follower.live) continue;
			const fresh = entries.filter(({ seq }) => seq > follower.cursor);
			if (fresh.length === 0) continue;
			if (fresh[0]?.seq === follower.cursor + 1) this.#send(follower, fresh);
			else this.#catchUp(follower);
		}
	}

	#send(follower: Follower, entries: readonly Entry[]): void {
		follower.cursor = entries.at(-1)?.seq ?? follower.cursor;
		follower.entries(entries);
	}

	/** The log is looked at when the position is not known to be in it: it may be ahead of what is known here. */
	#place(asked: Asked, follower: Follower): void {
		const { after } = asked;
		if (follower.gone || this.#closed) return;
		if (after === undefined) {
			this.#greet(follower, Math.max(0, this.#tail - newestMost), false);
			return;
		}
		if (after === 0 || this.#ring.some(({ seq, id }) => seq === after && id === asked.lastId)) {
			this.#greet(follower, after, false);
			return;
		}
		if (this.#is("stale ring without fence") && after > this.#tail) {
			this.#greet(follower, 0, true);
			return;
		}
		this.#node.ask(
			() => this.#node.cluster.log.after(this.#stream, after - 1, 1)[0],
			(entry) => {
				if (entry === null) return this.#node.later(retryMs, () => this.#place(asked, follower));
				const isThere = entry !== undefined && (asked.lastId === undefined || asked.lastId === entry.id);
				this.#greet(follower, isThere ? after : 0, !isThere);
			},
		);
	}

	#greet(follower: Follower, position: number, reset: boolean): void {
		if (follower.gone || this.#closed) return;
		follower.cursor = position;
		if (this.#is("resume off by one") && position > 0) follower.cursor += position % 2 === 0 ? 1 : -1;
		follower.ready({ seq: Math.max(this.#tail, follower.cursor), reset });
		if (this.#is("skip the catch-up")) follower.cursor = this.#tail;
		this.#catchUp(follower);
	}

	#catchUp(follower: Follower): void {
		if (follower.gone || this.#closed) return;
		follower.live = follower.cursor >= this.#tail;
		if (follower.live) return;
		const from = this.#ring.findIndex(({ seq }) => seq === follower.cursor + 1);
		if (from >= 0) {
			this.#node.later(1, () => this.#page(follower, this.#ring.slice(from, from + pageMost)));
			return;
		}
		this.#node.ask(
			() => this.#node.cluster.log.after(this.#stream, follower.cursor, pageMost),
			(entries) => this.#page(follower, entries ?? []),
		);
	}

	/** Ring and cursor may have gone on since the page was read. */
	#page(follower: Follower, entries: readonly Entry[]): void {
		if (follower.gone || this.#closed) return;
		if (entries[0]?.seq === follower.cursor + 1) {
			this.#send(follower, entries);
			this.#node.later(1, () => this.#catchUp(follower));
		} else this.#node.later(retryMs, () => this.#catchUp(follower));
	}
}
