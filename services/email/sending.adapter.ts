import { setTimeout as delay } from "node:timers/promises";
import { clock } from "../../config/clock.ts";
import type { EventDraft } from "../../contracts/events.ts";
import { newId } from "../../contracts/ids.ts";
import { MicroBatch } from "../../mixins/durable-events/micro-batch.ts";
import { count } from "../../mixins/metrics/metrics.ts";
import type { StoreCollection } from "../../mixins/store/store.ts";
import type { Change, Mutation } from "../../mixins/store/versioned.ts";
import { type Move, mutateMany } from "../../mixins/store/versioned-many.ts";
import { currentTraceparent, scopeFrom } from "../../mixins/tracing/scope.ts";
import { inSpanOf, type Span } from "../../mixins/tracing/spans.ts";
import type { Mail } from "./mail.ts";
import { decideClaim, decideOutcome, type Outcome } from "./moves.ts";

// Sends what is due, on every node, each mail on one of them: whoever moves its `dueAt` first has it for `claimFor`, and moves it on while
// at it. Claims, and what servers said meanwhile, are one command each. What a second run does:
//   claimed, process dies:          after `claimFor` somebody else claims it; the try is written down as unknown
//   taken by the server, not noted: the same. This is the one case in which a mail goes out again, under the same Message-ID
//   noted, event not published:     the sweeper publishes it

interface Logger {
	warn(...args: unknown[]): void;
	error(...args: unknown[]): void;
}

export interface SendingOptions {
	mails: StoreCollection<Mail>;
	/** What a mail that was claimed comes to. A throw puts it off. */
	attempt: (mail: Mail, signal: AbortSignal) => Promise<Outcome>;
	/** Mails at the same time. */
	width: number;
	/** How often to look for what is due, in ms. */
	everyMs: number;
	/** How long a mail stays with a process of which nothing is heard, in ms. */
	claimFor: number;
	/** How long a mail waits when its try could not even be made, in ms. */
	postponeFor: number;
	/** Whether anybody may ask for the events of this type. */
	told?: (type: EventDraft["type"]) => boolean;
	logger: Logger;
}

/**
 * How long the outcome of a try waits for those of the others that were claimed with it, in ms: noted together, their slots are free together, and
 * the next are claimed and looked up together.
 */
const gatherMs = 10;
/** How long `stop` waits for answers of the server, in ms. */
const patience = 6_000;
/** Between tries to note what a server answered, in ms. */
const notePause = 200;

/** Several nodes look at the same front of the queue. They should not all go for the same mails. */
const pagePerSlot = 4;

const anyOf = <T>(items: readonly T[], count: number): T[] =>
	items
		.map((item) => ({ item, place: Math.random() }))
		.sort((a, b) => a.place - b.place)
		.slice(0, count)
		.map(({ item }) => item);

const mailSpan = { name: "mail send", kind: "client" } as const;

export class Sending {
	readonly #options: SendingOptions;
	readonly #running = new Map<string, Promise<void>>();
	readonly #letGo = new AbortController();
	readonly #notes: MicroBatch<Move<Mail>, PromiseSettledResult<Mutation<Mail> | null>>;
	#stopping = false;
	#wake: (() => void) | undefined;
	#woken = false;
	readonly #work: Promise<void>;

	constructor(options: SendingOptions) {
		this.#options = options;
		this.#notes = new MicroBatch({ gatherMs, flush: (moves) => mutateMany(options.mails, moves) });
		this.#work = this.#run();
	}

	get inFlight(): number {
		return this.#running.size;
	}

	/** Something may be due. */
	wake(): void {
		this.#woken = true;
		this.#wake?.();
	}

	/** Takes no more, waits for the answers that are due, and lets go of those that do not come. */
	async stop(): Promise<void> {
		this.#stopping = true;
		this.wake();
		await this.#work;
		const timer = setTimeout(() => this.#letGo.abort(new Error("this process is stopping")), patience);
		await Promise.all(this.#running.values());
		clearTimeout(timer);
	}

	async #run(): Promise<void> {
		while (!this.#stopping) {
			this.#woken = false;
			const more = await this.#fill().catch((error) => {
				this.#options.logger.warn("Mails cannot be looked for, the next round comes:", error);
				return false;
			});
			// Everything that is due may be in hand: then the end of a try wakes.
			if (!more && !this.#stopping) await this.#pause();
		}
	}

	async #pause(): Promise<void> {
		if (this.#woken) return;
		const woken = Promise.withResolvers<void>();
		this.#wake = woken.resolve;
		const timer = setTimeout(woken.resolve, this.#options.everyMs);
		await woken.promise;
		clearTimeout(timer);
		this.#wake = undefined;
	}

	/** Answers whether there may be more that could be begun at once. */
	async #fill(): Promise<boolean> {
		const { mails, width } = this.#options;
		const free = width - this.#running.size;
		if (free <= 0) return false;
		const page = { sort: [["dueAt", 1]], limit: free * pagePerSlot } as const;
		const due = await mails.find({ where: { dueAt: { $lte: clock.now() } }, ...page });
		const chosen = anyOf(due.filter(({ _id }) => !this.#running.has(_id)), free); // biome-ignore format: one line
		const claims = await this.#claim(chosen);
		for (const { mail } of claims) if (mail) this.#begin(mail);
		const failed = claims.find(({ error }) => error);
		if (failed) throw failed.error;
		return claims.some(({ mail }) => !mail);
	}

	/** Without a mail: somebody else has it. */
	async #claim(found: readonly Mail[]): Promise<{ mail?: Mail; error?: unknown }[]> {
		const { mails, claimFor } = this.#options;
		const id = newId(); // of a mail it is asked for once, so that one does for all of a round
		const at = clock.now();
		const decide = (mail: Mail): Change | null => this.#worthTelling(decideClaim(mail, id, at, claimFor));
		const claims = await mutateMany(mails, found.map((known) => ({ known, decide, cause: { at } }))); // biome-ignore format: one line
		return claims.map((claim) => {
			if (claim.status === "rejected") return { error: claim.reason };
			const mail = claim.value?.entity;
			return mail?.claim?.id === id ? { mail } : {};
		});
	}

	/** Without events that nobody can ask for: each costs a write that takes it away again. */
	#worthTelling(change: Change | null): Change | null {
		const { told } = this.#options;
		if (!told || !change?.events) return change;
		return { ...change, events: change.events.filter(({ type }) => told(type)) };
	}

	#begin(mail: Mail): void {
		const { origin } = mail;
		const one = inSpanOf(scopeFrom(origin?.requestid, origin?.traceparent), mailSpan, (span) => this.#sendOne(mail, span))
			.catch((error) => this.#options.logger.error(`What became of mail ${mail._id} could not be written down:`, error))
			.finally(() => {
				this.#running.delete(mail._id);
				this.wake();
			});
		this.#running.set(mail._id, one);
	}

	async #sendOne(mail: Mail, span: Span | null): Promise<void> {
		const claimId = mail.claim?.id ?? "";
		const renewing = setInterval(() => void this.#renew(mail, claimId), this.#options.claimFor / 3);
		try {
			const outcome = await this.#attempt(mail);
			count("mails_total", { outcome: outcome.kind });
			span?.set({ "souk.mail.outcome": outcome.kind, "souk.mail.template": mail.template });
			await this.#note(mail, claimId, outcome);
		} finally {
			clearInterval(renewing);
		}
	}

	async #attempt(mail: Mail): Promise<Outcome> {
		try {
			return await this.#options.attempt(mail, this.#letGo.signal);
		} catch (error) {
			this.#options.logger.warn(`Mail ${mail._id} waits:`, error);
			return { kind: "postponed", until: clock.now() + this.#options.postponeFor };
		}
	}

	async #renew({ _id }: Mail, claimId: string): Promise<void> {
		const { mails, claimFor, logger } = this.#options;
		try {
			await mails.update({ _id, "claim.id": claimId }, { $set: { dueAt: clock.now() + claimFor } });
		} catch (error) {
			logger.warn(`mail ${_id}: the claim was not renewed:`, error);
		}
	}

	/** As long as the claim would have lasted: a server that took a mail while the database was away must not get it again. */
	async #note(mail: Mail, claimId: string, outcome: Outcome): Promise<void> {
		const { claimFor } = this.#options;
		for (let waited = 0; ; waited += notePause) {
			const at = clock.now();
			const decide = (current: Mail): Change | null => this.#worthTelling(decideOutcome(current, claimId, outcome, at));
			const noted = await this.#notes.add({ known: mail, decide, cause: { at, traceparent: currentTraceparent() } });
			if (noted.status === "fulfilled") return;
			if (waited >= claimFor || this.#letGo.signal.aborted) throw noted.reason;
			await delay(notePause);
		}
	}
}
