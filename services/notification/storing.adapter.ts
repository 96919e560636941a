import { DomainError } from "../../contracts/errors.ts";
import type { NotificationBody } from "../../contracts/notifications.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import type { StoreStreamLog } from "../../mixins/stream-log/stream-log.ts";
import { tracedOrigin } from "../../mixins/streams/traced.ts";
import type { Origin } from "../../realtime/log.ts";
import type { Posted, PostRequest } from "../../realtime/mailbox.ts";
import type { Inbox } from "./inbox.ts";
import { draftOf, newNotification } from "./notification.ts";
import type { Tails } from "./tails.ts";

// Notifications become entries of inboxes, each once. Inboxes that somebody follows take theirs through their actor; all others together in one
// command, right after where their logs are thought to end. What the log refuses there goes through an actor too, which looks where it does end.
// The keys of the log decide, so it does not matter what died in between: the same again stores what is missing.

export interface Delivery {
	userId: string;
	/** The same for the same event and person: 1..64 of letters, digits and `._:-`. */
	id: string;
	/** A pure function of the event. */
	body: NotificationBody;
}

/** What of the stream engine is needed. */
export interface StoringEngine {
	look(stream: string): object | null;
	post(stream: string, request: PostRequest): Promise<Posted>;
	check(stream: string): Promise<void>;
	forget(stream: string): void;
}

export interface StoringParts {
	log: Pick<StoreStreamLog, "appendEach" | "erase">;
	/** Of one inbox; those that are asked for together are read together. */
	read(stream: string): Promise<Inbox | undefined>;
	engine(): StoringEngine;
	tails: Tails;
	/** Whether anybody may ask for the events that tell of notifications. */
	told(): boolean;
	/** ISO 8601. */
	now(): string;
}

interface Waiting extends Delivery {
	stream: string;
	/** Of what it is a part; rounds serve many. */
	origin: Origin | undefined;
	done: PromiseWithResolvers<void>;
}

/** Of one command. Each is a commit; in one process it keeps everything else waiting for some milliseconds. */
const mostAtOnce = 500;

/** As many that wait for one inbox are worth waking its actor for, which stores them in one command; otherwise each would need a round of its own. */
const crowd = 4;

export class Storing {
	readonly #parts: StoringParts;
	#waiting: Waiting[] = [];
	/** How many of those are each stream's. */
	readonly #queued = new Map<string, number>();
	/** By stream, the last post to an actor that was not there: what comes after it has to go the same way, or it would overtake it. */
	readonly #opening = new Map<string, Promise<void>>();
	#running = false;

	constructor(parts: StoringParts) {
		this.#parts = parts;
	}

	/** Resolves when all are durable. After a refusal some may be: the same items again store the rest. Those of one person stay in order. */
	async store(items: readonly Delivery[]): Promise<void> {
		const origin = tracedOrigin();
		const all = items.map((item) => ({ ...item, stream: inboxOf(item.userId), origin, done: Promise.withResolvers<void>() }));
		for (const item of all) {
			// Whoever is here does not wait until thousands who are not have theirs.
			if (this.#hasActor(item.stream) && !this.#queued.has(item.stream)) this.#post(item);
			else this.#queue(item);
		}
		if (!this.#running) void this.#run();
		await Promise.all(all.map(({ done }) => done.promise));
	}

	/** What comes while a round is under way shares the next one. */
	async #run(): Promise<void> {
		this.#running = true;
		while (this.#waiting.length > 0) {
			const { round, crowds } = this.#take();
			for (const item of crowds) this.#post(item);
			if (round.length > 0) await this.#round(round);
		}
		this.#running = false;
	}

	#queue(item: Waiting): void {
		this.#waiting.push(item);
		this.#queued.set(item.stream, (this.#queued.get(item.stream) ?? 0) + 1);
	}

	/** One of each inbox: a second one would leave a hole if the first were refused. Where many wait for the same one, all of them, in order. */
	#take(): { round: Waiting[]; crowds: Waiting[] } {
		const round = new Map<string, Waiting>();
		const crowds: Waiting[] = [];
		const later: Waiting[] = [];
		for (const item of this.#waiting) {
			if ((this.#queued.get(item.stream) ?? 0) >= crowd && crowds.length < mostAtOnce) crowds.push(item);
			else if (round.size < mostAtOnce && !round.has(item.stream)) round.set(item.stream, item);
			else later.push(item);
		}
		this.#waiting = later;
		for (const { stream } of [...round.values(), ...crowds]) this.#dequeued(stream);
		return { round: [...round.values()], crowds };
	}

	#dequeued(stream: string): void {
		const left = (this.#queued.get(stream) ?? 1) - 1;
		if (left > 0) this.#queued.set(stream, left);
		else this.#queued.delete(stream);
	}

	#hasActor(stream: string): boolean {
		return this.#opening.has(stream) || this.#parts.engine().look(stream) !== null;
	}

	async #round(items: readonly Waiting[]): Promise<void> {
		const [live, others] = [true, false].map((has) => items.filter(({ stream }) => this.#hasActor(stream) === has)) as [
			Waiting[],
			Waiting[],
		];
		for (const item of live) this.#post(item);
		try {
			const ends = await this.#ends(others);
			for (const { done, stream } of others) if (!ends.has(stream)) done.resolve(); // the account is gone
			await this.#together(
				others.filter(({ stream }) => ends.has(stream)),
				ends,
			);
		} catch (error) {
			for (const { done } of others) done.reject(error);
		}
	}

	/** Where these logs end; without those whose account is gone. */
	async #ends(items: readonly Waiting[]): Promise<Map<string, number>> {
		const { tails, read } = this.#parts;
		const look = async ({ stream }: Waiting): Promise<[string, number][]> => {
			const known = tails.get(stream);
			if (known !== undefined) return [[stream, known]];
			const inbox = await read(stream);
			if (inbox?.erased) return [];
			tails.learn(stream, inbox?.tail ?? 0, true);
			return [[stream, inbox?.tail ?? 0]];
		};
		return new Map((await Promise.all(items.map(look))).flat());
	}

	async #together(items: readonly Waiting[], ends: ReadonlyMap<string, number>): Promise<void> {
		if (items.length === 0) return;
		const { log, now } = this.#parts;
		const told = this.#parts.told();
		const drafts = items.map(({ stream, id, body, origin }) => ({
			...draftOf(stream, (ends.get(stream) ?? 0) + 1, id, body, now(), told),
			...(origin && { origin }),
		}));
		const stored = await log.appendEach(drafts);
		// Nobody who comes next has to wait for what these still have to do.
		for (const [index, item] of items.entries()) {
			if (stored[index]) this.#stored(item.stream, drafts[index]?.seq ?? 0, true).then(item.done.resolve, item.done.reject);
			else this.#post(item);
		}
	}

	#post({ stream, id, body, origin, done }: Waiting): void {
		const stored = this.#inTurn(stream, () =>
			this.#parts.engine().post(stream, { ...newNotification(id, body, this.#parts.told()), ...(origin && { origin }) }),
		).then(({ seq }) => this.#stored(stream, seq, false));
		stored.then(done.resolve, (error: unknown) => {
			// They were told of this event in other words, by another version of Souk: once is enough.
			if (error instanceof DomainError && error.code === "ID_REUSED") done.resolve();
			else done.reject(error);
		});
	}

	/** An actor that is open keeps the order of its posts, and stores together what comes together; while it opens, one after the other. */
	#inTurn(stream: string, post: () => Promise<Posted>): Promise<Posted> {
		const before = this.#opening.get(stream);
		const isOpen = (): boolean => this.#parts.engine().look(stream) !== null;
		if (!before && isOpen()) return post();
		const posted = before ? before.then(post) : post();
		const settled = posted.then(
			() => undefined,
			() => undefined, // whoever asked is told
		);
		const turn = before ? before.then(() => (isOpen() ? undefined : settled)) : settled;
		const over = turn.then(() => {
			if (this.#opening.get(stream) === over) this.#opening.delete(stream);
		});
		this.#opening.set(stream, over);
		return posted;
	}

	/** Afterwards: whoever began to follow, or was deleted, while it was being written. `past`: it was not written by the stream's actor. */
	async #stored(stream: string, seq: number, past: boolean): Promise<void> {
		const { tails, engine, read, log } = this.#parts;
		tails.learn(stream, seq);
		const [inbox] = await Promise.all([read(stream), past ? engine().check(stream) : undefined]);
		if (!inbox?.erased) return;
		await log.erase(stream, { seqs: [seq] });
		engine().forget(stream);
		tails.forget(stream);
	}
}
