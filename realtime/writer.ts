import { DomainError } from "../contracts/errors.ts";
import type { Entry } from "./entry.ts";
import type { Known } from "./known.ts";
import type { Limits } from "./limits.ts";
import { type Appended, type Draft, LogUnavailable, LogUncertain, type Origin, type StreamLog } from "./log.ts";
import { answerTo, Mailbox, type Post, type Posted, type PostRequest, sameContent } from "./mailbox.ts";
import type { Metrics } from "./metrics.ts";
import type { Observer, Random, Timers } from "./ports.ts";
import { keyOf } from "./recent.ts";
import { backoff, type Waits } from "./waits.ts";

export interface WriterParts {
	known: Known;
	log: StreamLog;
	timers: Timers;
	random: Random;
	waits: Waits;
	limits: Limits;
	metrics: Metrics;
	observer: Observer;
	origin?(): Origin | undefined;
	/** Something happened that no rule here covers; nobody knows what was written. */
	broken(error: unknown): void;
}

const unavailable = (cause?: unknown): DomainError => Object.assign(new DomainError("UNAVAILABLE"), { cause });

/** Group commit: one append at a time, and who comes meanwhile leaves with the next. */
export class Writer {
	protected readonly parts: WriterParts;
	readonly #mailbox: Mailbox;
	#pumping: Promise<void> = Promise.resolve();
	#running = false;
	#over = false;

	constructor(parts: WriterParts) {
		this.parts = parts;
		this.#mailbox = new Mailbox(parts.limits);
	}

	get size(): number {
		return this.#mailbox.size;
	}

	/** Not after `end`. Answered when the log has it. Rejects with `ID_REUSED`, `STREAM_OVERLOADED` or `UNAVAILABLE`. */
	async post(request: PostRequest): Promise<Posted> {
		const { known, timers, metrics, observer } = this.parts;
		const found = known.recent.find(request);
		if (found) {
			const answer = answerTo(request, found, true);
			metrics.repeats += 1;
			observer.repeated?.(known.stream, found);
			return answer;
		}
		try {
			const origin = request.origin ?? this.parts.origin?.();
			const answer = this.#mailbox.offer(request, new Date(timers.now()).toISOString(), origin);
			this.#start();
			return await answer;
		} catch (error) {
			if (error instanceof DomainError && error.code === "STREAM_OVERLOADED") metrics.overloaded += 1;
			throw error;
		}
	}

	/** When nothing waits any more. */
	async flushed(): Promise<void> {
		while (this.#running) await this.#pumping;
	}

	/** Refuses all that is not answered. What is in flight may still be stored: its poster sends it again, under the same id. */
	end(): void {
		this.#over = true;
		this.#mailbox.refuseAll(unavailable());
	}

	#start(): void {
		if (this.#running) return;
		this.#running = true;
		this.#pumping = this.#pump();
	}

	async #pump(): Promise<void> {
		while (this.#mailbox.size > 0 && !this.#over) await this.#turn();
		// In the same tick as the look at the mailbox: a post that comes now starts the next pump.
		this.#running = false;
	}

	async #turn(): Promise<void> {
		await new Promise<void>((resolve) => this.parts.timers.soon(resolve));
		if (this.#over) return;
		try {
			await this.#commit();
		} catch (error) {
			if (error instanceof DomainError) this.#mailbox.refuseAll(error);
			else this.parts.broken(error);
		}
	}

	async #commit(): Promise<void> {
		const { known, metrics } = this.parts;
		const batch = this.#mailbox.take();
		const tail = known.tail;
		const drafts = this.number(batch, tail);
		const outcome = await this.#append(drafts);
		if (this.#over) return;
		this.#stored(batch.slice(0, outcome.stored), drafts.slice(0, outcome.stored));
		const next = batch[outcome.stored];
		if (outcome.end === "repeat" && next) {
			this.#repeated(next, outcome.entry);
			await this.#settleRepeats(batch.slice(outcome.stored + 1));
			if (this.#over) return;
		}
		if (outcome.end === "taken") metrics.taken += 1;
		this.#mailbox.putBack();
		if (outcome.end !== "all") await this.#readTail(outcome.end === "taken" && outcome.stored === 0 ? tail : -1);
	}

	/** The seqs that the drafts would have right after `tail`. */
	protected number(batch: readonly Post[], tail: number): Draft[] {
		return batch.map(({ id, from, type, body, at, events, origin }, index) => {
			const entry: Entry = { stream: this.parts.known.stream, seq: tail + 1 + index, id, type, from, body, at };
			return { ...entry, events: events?.(entry) ?? [], ...(origin && { origin }) };
		});
	}

	#stored(posts: readonly Post[], drafts: readonly Draft[]): void {
		if (drafts.length === 0) return;
		const { known, metrics, observer } = this.parts;
		metrics.entries += drafts.length;
		const entries = drafts.map(({ events: _stored, origin: _noted, ...entry }) => entry);
		known.confirm();
		known.advance(entries);
		observer.committed?.(known.stream, drafts);
		for (const [index, post] of posts.entries()) this.#mailbox.settle(post, entries[index] as Entry, false); // as many as posts
	}

	#repeated(post: Post, entry: Entry): void {
		this.parts.metrics.repeats += 1;
		this.parts.observer.repeated?.(this.parts.known.stream, entry);
		this.#mailbox.settle(post, entry, true);
	}

	/**
	 * Where one comes again, more do: when an owner dies, everybody sends again what it had not answered. Each by a refusal of its own, as
	 * many rounds would go by.
	 */
	async #settleRepeats(posts: readonly Post[]): Promise<void> {
		if (posts.length === 0) return;
		const { log, known } = this.parts;
		try {
			const entries = new Map((await log.posted(known.stream, posts)).map((entry) => [keyOf(entry), entry]));
			if (this.#over) return;
			for (const post of posts) {
				const entry = entries.get(keyOf(post));
				if (entry) this.#repeated(post, entry);
			}
		} catch (error) {
			// If it is the log's: the refusals will tell.
			this.#mayTryAgain(error, 0);
		}
	}

	/**
	 * The same drafts until their fate is known. Once an answer was lost they may be in the log, and a later refusal tells of itself
	 * alone: then there is no giving up.
	 */
	async #append(drafts: readonly Draft[]): Promise<Appended> {
		const { metrics, waits } = this.parts;
		let uncertain = false;
		for (let failures = 1; ; failures += 1) {
			try {
				return await this.#send(drafts, uncertain ? await this.#found(drafts) : 0);
			} catch (error) {
				if (error instanceof LogUncertain) uncertain = true;
				this.#mayTryAgain(error, uncertain ? 0 : failures);
			}
			if (uncertain) metrics.uncertain += 1;
			await waits.sleep(this.#pause(failures));
			if (this.#over) throw unavailable();
		}
	}

	async #send(drafts: readonly Draft[], found: number): Promise<Appended> {
		if (found === drafts.length) return { stored: found, end: "all" };
		this.parts.metrics.commits += 1;
		const outcome = await this.parts.log.append(drafts.slice(found));
		return { ...outcome, stored: found + outcome.stored };
	}

	/** How many, from the first, an attempt whose answer was lost has stored as they are. Those are not sent again. */
	async #found(drafts: readonly Draft[]): Promise<number> {
		const { log, known } = this.parts;
		const entries = new Map((await log.posted(known.stream, drafts)).map((entry) => [keyOf(entry), entry]));
		const missing = drafts.findIndex((draft) => {
			const entry = entries.get(keyOf(draft));
			return !entry || entry.seq !== draft.seq || entry.at !== draft.at || !sameContent(draft, entry);
		});
		return missing < 0 ? drafts.length : missing;
	}

	/**
	 * Somebody else wrote, or wrote earlier: what it was has to be known before anything is numbered again. `past`: there is an entry after it, which
	 * a round of the backstop may have found by now.
	 */
	async #readTail(past: number): Promise<void> {
		const { known, waits } = this.parts;
		for (let failures = 1; !this.#over; failures += 1) {
			try {
				await known.refresh();
				if (known.tail > past) return;
				this.#mayTryAgain(new LogUnavailable(`seq ${past + 1} is taken and cannot be read`), failures);
			} catch (error) {
				this.#mayTryAgain(error, failures);
			}
			await waits.sleep(this.#pause(failures));
		}
	}

	#mayTryAgain(error: unknown, failures: number): void {
		if (error instanceof DomainError) throw error;
		if (!(error instanceof LogUnavailable || error instanceof LogUncertain)) throw error;
		if (failures >= this.parts.limits.tries) throw unavailable(error);
	}

	#pause(failures: number): number {
		return backoff(failures, this.parts.limits.retryMs, this.parts.limits.retryMaxMs, this.parts.random);
	}
}
