import { DomainError } from "../contracts/errors.ts";
import type { EventDraft } from "../contracts/events.ts";
import { canonicalJson } from "../contracts/ids.ts";
import type { Entry } from "./entry.ts";
import type { Origin } from "./log.ts";
import { keyOf, sizeOf } from "./recent.ts";

export interface PostRequest<Body = unknown> {
	/** The poster's own: 1..64 of letters, digits and `._:-` (the caller has checked that). */
	id: string;
	from: string;
	type: string;
	body: Body;
	/** The durable events that are stored with the entry; asked again whenever it gets another seq, so it must be pure. */
	events?(entry: Entry<Body>): readonly EventDraft[];
	/** What it is part of, where that is not what the caller runs for. */
	origin?: Origin;
}

export interface Posted {
	seq: number;
	/** When the entry that has this id was taken in. */
	at: string;
	/** The log had it before. */
	repeated: boolean;
}

/** A post that was taken in and is not answered yet. */
export interface Post extends PostRequest {
	readonly at: string;
	readonly size: number;
	readonly answer: PromiseWithResolvers<Posted>;
	/** The same key again, before the first was answered: they share its fate. */
	readonly twins: Pick<Post, "type" | "body" | "answer" | "size">[];
}

/** An erased body cannot be compared any more; who has its id and type is believed. */
export const sameContent = (post: { type: string; body: unknown }, entry: Entry): boolean =>
	post.type === entry.type && (entry.erased === true || canonicalJson(post.body) === canonicalJson(entry.body));

export const answerTo = (post: { type: string; body: unknown }, entry: Entry, repeated: boolean): Posted => {
	if (!sameContent(post, entry)) throw new DomainError("ID_REUSED");
	return { seq: entry.seq, at: entry.at, repeated };
};

interface Bounds {
	mailboxEntries: number;
	mailboxBytes: number;
	batchEntries: number;
	batchBytes: number;
}

/** Posts of one stream that wait for the log or are on their way there. Both count for the bounds. */
export class Mailbox {
	readonly #bounds: Bounds;
	#waiting: Post[] = [];
	readonly #inFlight = new Set<Post>();
	readonly #byKey = new Map<string, Post>();
	#entries = 0;
	#bytes = 0;

	constructor(bounds: Bounds) {
		this.#bounds = bounds;
	}

	/** All that is not answered yet. */
	get size(): number {
		return this.#entries;
	}

	/** Throws `STREAM_OVERLOADED`. */
	offer(request: PostRequest, at: string, origin?: Origin): Promise<Posted> {
		const size = sizeOf(request.body);
		if (this.#entries >= this.#bounds.mailboxEntries || this.#bytes + size > this.#bounds.mailboxBytes) {
			throw new DomainError("STREAM_OVERLOADED");
		}
		const answer = Promise.withResolvers<Posted>();
		this.#entries += 1;
		this.#bytes += size;
		const first = this.#byKey.get(keyOf(request));
		if (first) first.twins.push({ type: request.type, body: request.body, answer, size });
		else this.#admit({ ...request, ...(origin && { origin }), at, size, answer, twins: [] });
		return answer.promise;
	}

	/** The head, up to the bounds of a batch; at least one. Until they are settled or put back they are in flight. */
	take(): Post[] {
		let count = 0;
		let bytes = 0;
		for (const post of this.#waiting) {
			bytes += post.size;
			if (count === this.#bounds.batchEntries || (count > 0 && bytes > this.#bounds.batchBytes)) break;
			count += 1;
		}
		const batch = this.#waiting.splice(0, count);
		for (const post of batch) this.#inFlight.add(post);
		return batch;
	}

	/** What is left of the batch goes back to the head, in order. */
	putBack(): void {
		this.#waiting = [...this.#inFlight, ...this.#waiting];
		this.#inFlight.clear();
	}

	/** The log has `entry` under this post's key. */
	settle(post: Post, entry: Entry, repeated: boolean): void {
		this.#forget(post);
		for (const { answer, type, body } of [post, ...post.twins]) {
			try {
				answer.resolve(answerTo({ type, body }, entry, repeated || answer !== post.answer));
			} catch (error) {
				answer.reject(error);
			}
		}
	}

	/** Everybody is refused, in order. */
	refuseAll(error: Error): void {
		for (const post of [...this.#inFlight, ...this.#waiting]) {
			this.#forget(post);
			for (const { answer } of [post, ...post.twins]) answer.reject(error);
		}
		this.#waiting = [];
	}

	#admit(post: Post): void {
		this.#byKey.set(keyOf(post), post);
		this.#waiting.push(post);
	}

	#forget(post: Post): void {
		this.#byKey.delete(keyOf(post));
		this.#inFlight.delete(post);
		this.#entries -= 1 + post.twins.length;
		for (const { size } of [post, ...post.twins]) this.#bytes -= size;
	}
}
