import { setTimeout as delay } from "node:timers/promises";
import { clock } from "../../config/clock.ts";
import { newId } from "../../contracts/ids.ts";
import { Stopping } from "../../mixins/durable-events/patience.ts";
import { count } from "../../mixins/metrics/metrics.ts";
import type { Feed } from "./catalogue.ts";
import { type ChangeEvent, type Message, readChange, readDocument, timeOf } from "./change.ts";
import { faultOf, type SweepReason, sweepWords } from "./faults.ts";
import type { Outlet } from "./feed.adapter.ts";
import { type IsNews, News } from "./news.ts";
import { NoStreams, type Opened, openAt, type Start, startAt } from "./opening.adapter.ts";
import { Pipeline } from "./pipeline.ts";
import {
	type Follow,
	type FollowState,
	type Mark,
	type Position,
	type Positions,
	Replaced,
	type Sweep,
} from "./position.adapter.ts";
import type { ChangeSource, Cursor } from "./source.adapter.ts";

// Follows one collection while this node has its lease.

/** Messages on their way to the bus. */
const width = 64;
/** How often what was published is written down, and how often that nothing was, in ms. */
const saveEvery = 1_000;
const idleSaveEvery = 10_000;
/** Between looks at a server without change streams. */
const pollEvery = 10_000;
/** A server that answers "nothing" at once is asked again after this. */
const idlePause = 100;
/**
 * How long before the last thing that was published a sweep begins, in ms: clocks differ, and what says that it was changed then may
 * have been written some time later.
 */
const sweepMargin = 10 * 60_000;

export interface TailerOptions {
	collection: string;
	feed: Feed;
	source: ChangeSource;
	positions: Positions;
	outlet: Outlet;
	logger: Record<"debug" | "info" | "warn", (...args: unknown[]) => void>;
	/** Between looks at a server without change streams, in ms. */
	pollEvery?: number | undefined;
}

/** Of one round, which begins with a claim of the position. */
interface Round {
	readonly position: Position;
	readonly pipeline: Pipeline<Message, Mark>;
	readonly signal: AbortSignal;
}

export class Tailer {
	readonly collection: string;
	readonly #options: TailerOptions;
	#follow: Follow = { state: "starting", lag: 0 };
	#round: Round | undefined;
	/** Epoch ms: until then we know what there is; what is not published yet is younger. */
	#asOf = 0;
	/** Of the event that was read last, until there are no more. */
	#behind: number | null = null;
	#savedAt = 0;
	/** Published since then. */
	#unsaved = 0;
	readonly #news = new News();

	constructor(options: TailerOptions) {
		this.#options = options;
		this.collection = options.collection;
	}

	/** How it is; null while another node follows the collection. */
	get follow(): Follow | null {
		return this.#round ? { ...this.#follow, lag: this.lag } : null;
	}

	/** Seconds. */
	get lag(): number {
		const oldest = this.#round?.pipeline.waiting?.at ?? this.#behind;
		const caughtUp = this.#follow.state === "tailing" && oldest === null;
		return caughtUp ? 0 : Math.max(0, clock.now() - (oldest ?? this.#asOf)) / 1_000;
	}

	get inFlight(): number {
		return this.#round?.pipeline.inFlight ?? 0;
	}

	/** Follows until the signal aborts or something is away. What is on its way then still arrives, and is written down. Never rejects. */
	async run(signal: AbortSignal): Promise<void> {
		try {
			const position = await this.#options.positions.claim(this.collection, clock.now());
			const pipeline = new Pipeline<Message, Mark>(width, (message) => this.#publish(message, signal));
			this.#round = { position, pipeline, signal };
			this.#asOf = position.at ?? clock.now();
			this.#behind = null;
			await this.#followOrPoll(this.#round);
		} catch (error) {
			await this.#ended(error);
		} finally {
			if (signal.aborted) this.#round = undefined;
		}
	}

	async #followOrPoll(round: Round): Promise<void> {
		try {
			await this.#followStream(round);
		} catch (error) {
			if (!(error instanceof NoStreams)) throw error;
			await this.#poll(round);
		} finally {
			await round.pipeline.drained().finally(() => this.#save(round));
		}
	}

	async #ended(error: unknown): Promise<void> {
		const { logger } = this.#options;
		if (error instanceof Stopping) return;
		if (error instanceof Replaced) {
			logger.warn(`${this.collection}: another node has taken over while this one stood still`);
			return;
		}
		const detail = error instanceof Error ? error.message : String(error);
		if (this.#follow.detail !== detail) logger.warn(`${this.collection} cannot be followed, trying on:`, error);
		this.#say("away", detail);
		if (this.#round) await this.#save(this.#round).catch((why) => logger.debug("that cannot be written down either:", why));
	}

	async #followStream(round: Round): Promise<void> {
		const { signal, position } = round;
		const { source, logger } = this.#options;
		let start: Start | null = startAt(position);
		while (start && !signal.aborted) {
			const opened: Opened = await openAt(source, this.collection, start, (error) =>
				logger.warn(`${this.collection}: the place to go on from is lost:`, error),
			);
			try {
				start = await this.#read(round, opened);
			} catch (error) {
				if (faultOf(error) !== "lost") throw error;
				logger.warn(`${this.collection}: the change stream broke off for good:`, error);
				start = { reason: "history_lost", since: round.pipeline.settled?.at ?? position.at };
			} finally {
				await opened.cursor.close();
			}
			await round.pipeline.drained();
		}
	}

	/** First what was missed, then what comes. Answers how to go on, or null when that is up to somebody else. */
	async #read(round: Round, { cursor, first, start }: Opened): Promise<Start | null> {
		const { pipeline, signal } = round;
		const opened = clock.now();
		if (start.reason) {
			await this.#sweep(round, start.reason, start.since);
			await pipeline.drained();
			if (signal.aborted) return null;
			// With an event read ahead the place before it is not known; its own comes next.
			if (!first) pipeline.pass({ token: cursor.token, at: opened });
		}
		this.#say("tailing");
		let asked = opened;
		for (let event = first; ; event = await this.#next(cursor)) {
			if (event) {
				const ended = await this.#take(round, event);
				if (ended) return ended;
			} else {
				this.#behind = null;
				this.#asOf = asked;
				pipeline.pass({ token: cursor.token ?? start.token ?? null, at: asked });
			}
			await this.#saveIfDue(round);
			if (signal.aborted) return null;
			asked = clock.now();
		}
	}

	async #take({ pipeline }: Round, event: ChangeEvent): Promise<Start | null> {
		const reading = readChange(this.collection, this.#options.feed, event, clock.now());
		if (reading.kind === "ended") {
			this.#options.logger.warn(`${this.collection}: the change stream ended with a ${reading.by}`);
			return { reason: "dropped", since: null };
		}
		const mark = { token: event._id, at: timeOf(event) ?? clock.now() };
		this.#behind = mark.at;
		if (reading.kind === "message") await pipeline.push(reading.message.key, reading.message, mark);
		else pipeline.pass(mark);
		return null;
	}

	async #next(cursor: Cursor): Promise<ChangeEvent | null> {
		const began = performance.now();
		const event = await cursor.next();
		if (!event && performance.now() - began < idlePause) await delay(idlePause);
		return event;
	}

	/** Publishes what there is, from `since` on where that can be told. Nothing is settled by it before it is over. */
	async #sweep(round: Round, reason: SweepReason, since: number | null, isNews?: IsNews): Promise<void> {
		const { feed, logger } = this.#options;
		const from = feed.dated && since !== null ? new Date(since - sweepMargin).toISOString() : null;
		const sweep: Sweep = { reason, at: new Date(clock.now()).toISOString() };
		count("cdc_sweeps_total", { collection: this.collection, reason });
		this.#follow = { ...this.#follow, sweep };
		if (reason !== "no_streams") {
			this.#say("sweeping");
			const what = from === null ? "all of it" : `what changed since ${from}`;
			logger[reason === "first" ? "info" : "warn"](
				`${this.collection}: ${sweepWords[reason]}: a sweep publishes ${what}, but not what was removed meanwhile`,
			);
		}
		await this.#save(round);
		const documents = await this.#sweepPages(round, from, isNews);
		if (documents === null) return;
		this.#follow = { ...this.#follow, sweep: { ...sweep, documents } };
		if (reason !== "no_streams") logger.info(`${this.collection}: the sweep has published ${documents} documents`);
	}

	/** Answers how many it published; null if it was broken off. */
	async #sweepPages(round: Round, from: string | null, isNews: IsNews = () => true): Promise<number | null> {
		const { feed, source } = this.#options;
		const { token, at } = round.pipeline.settled ?? round.position;
		const name = `sweep-${newId()}`;
		let documents = 0;
		for await (const page of source.pages(this.collection, from)) {
			for (const document of page) {
				if (round.signal.aborted) return null;
				const message = readDocument(this.collection, feed, document, name, clock.now());
				if (!isNews(message)) continue;
				await round.pipeline.push(message.key, message, { token, at });
				documents += 1;
			}
			await this.#saveIfDue(round);
		}
		return documents;
	}

	/** Without change streams: one look, and the wait for the next. */
	async #poll(round: Round): Promise<void> {
		const { logger } = this.#options;
		if (this.#follow.state !== "polling")
			logger.warn(`${this.collection}: ${sweepWords.no_streams}: it is read again and again, and what is removed is not seen`);
		this.#say("polling");
		const began = clock.now();
		await this.#sweep(round, "no_streams", round.position.at, this.#news.since(round.position.fence));
		await round.pipeline.drained();
		if (round.signal.aborted) return;
		// Should it have change streams again, they may still know the place.
		round.pipeline.pass({ token: round.position.token, at: began });
		await this.#save(round);
		await delay(this.#options.pollEvery ?? pollEvery, undefined, { signal: round.signal }).catch(() => undefined);
	}

	async #publish(message: Message, signal: AbortSignal): Promise<void> {
		// What waited for its turn while this node stood still is for whoever has taken over.
		if (signal.aborted) throw new Stopping("stopped before its turn");
		await this.#options.outlet.publish(message, signal);
		this.#unsaved += 1;
		count("cdc_published_total", { collection: this.collection, op: message.op });
	}

	#say(state: FollowState, detail?: string): void {
		this.#follow = { state, detail, lag: 0, sweep: this.#follow.sweep };
	}

	async #saveIfDue(round: Round): Promise<void> {
		const due = this.#unsaved > 0 ? saveEvery : idleSaveEvery;
		if (clock.now() - this.#savedAt >= due) await this.#save(round);
	}

	async #save({ position, pipeline }: Round): Promise<void> {
		this.#savedAt = clock.now();
		this.#unsaved = 0;
		const follow = { ...this.#follow, lag: this.lag };
		await this.#options.positions.save(position, pipeline.settled ?? null, follow, this.#savedAt);
	}
}
