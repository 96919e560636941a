import { DomainError } from "../contracts/errors.ts";
import type { CountersMessage, PresenceMessage, ReceiptMessage } from "../contracts/stream-messages.ts";
import { Actor, type ActorParts, type AttachRequest } from "./actor.ts";
import type { Entry } from "./entry.ts";
import type { Attached } from "./follower.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { LogUnavailable, LogUncertain } from "./log.ts";
import type { Posted, PostRequest } from "./mailbox.ts";
import { Metrics } from "./metrics.ts";
import { Pager } from "./pager.ts";
import type { Ports } from "./ports.ts";
import { TimelyLog } from "./timely-log.ts";
import { backoff, Waits } from "./waits.ts";

/** Puts `text` where it belongs in the sorted list of the least, which holds `most`. */
const keepLeast = (sorted: string[], text: string, most: number): void => {
	if (sorted.length === most && text >= (sorted.at(-1) ?? "")) return;
	const behind = sorted.findLastIndex((other) => other < text) + 1;
	sorted.splice(behind, 0, text);
	if (sorted.length > most) sorted.pop();
};

const toDomain = (error: unknown): unknown =>
	error instanceof LogUnavailable || error instanceof LogUncertain
		? Object.assign(new DomainError("UNAVAILABLE"), { cause: error })
		: error;

/**
 * The streams of one node. Every method may be called for any stream: whether this node owns it makes things fast, not right. All of them
 * reject with DomainErrors; `UNAVAILABLE` and `STREAM_OVERLOADED` are worth another try, with the same ids.
 */
export class Engine<Frame> {
	readonly metrics = new Metrics();
	protected readonly ports: Ports<Frame>;
	protected readonly limits: Limits;
	readonly #pager: Pager<Frame>;
	readonly #waits: Waits;
	readonly #actors = new Map<string, Actor<Frame>>();
	readonly #loading = new Map<string, Promise<void>>();
	/** Calls that wait until there is an actor: they count as its mailbox would. */
	readonly #entering = new Map<string, number>();
	#state: "serving" | "draining" | "stopped" = "serving";
	#cancelSweep: (() => void) | null = null;

	constructor(ports: Ports<Frame>, limits: Partial<Limits> = {}) {
		this.limits = { ...defaultLimits, ...limits };
		this.ports = { ...ports, log: new TimelyLog(ports.log, ports.timers, this.limits.answerMs) };
		this.#pager = new Pager({ ...ports, limits: this.limits });
		this.#waits = new Waits(ports.timers);
	}

	/** Streams that are active here. */
	get size(): number {
		return this.#actors.size;
	}

	get followers(): number {
		return [...this.#actors.values()].reduce((sum, actor) => sum + actor.followers, 0);
	}

	/** Of them, those who do not have all entries yet. */
	get lagging(): number {
		return [...this.#actors.values()].reduce((sum, actor) => sum + actor.lagging, 0);
	}

	/** Posts that are not answered yet, of all streams. */
	get waiting(): number {
		return [...this.#actors.values()].reduce((sum, actor) => sum + actor.waiting, 0);
	}

	/** Resolves when the entry is durable. `ID_REUSED`: this poster used the id for something else. */
	post(stream: string, request: PostRequest): Promise<Posted> {
		const actor = this.#actors.get(stream);
		// Most calls find an actor that is open, and wait for the log alone.
		return actor?.open && this.#state !== "stopped" ? actor.post(request) : this.#postLater(stream, request);
	}

	/**
	 * `ready` first, then every entry after the position, then live ones; `ready` is written before this resolves. The sink belongs to the
	 * stream until `leave()` of the handle is called or its `end` was: if the connection ends before this resolves, call `leave()` then.
	 * Rejects with what the greeter throws, or with `UNAVAILABLE`; nothing was written in that case.
	 */
	async attach(stream: string, request: AttachRequest<Frame>): Promise<Attached> {
		for (;;) {
			if (this.#state === "draining") throw new DomainError("UNAVAILABLE");
			const actor = await this.#enter(stream);
			const attached = await actor.attach(request).catch((error: unknown) => {
				throw toDomain(error);
			});
			if (attached) return attached;
		}
	}

	/** Ascending: the `limit` entries before `before` (without it: the newest), or those from `after` + 1 on. Activates nothing. */
	async history(stream: string, at: { before?: number; after?: number; limit?: number }): Promise<Entry[]> {
		const limit = Math.min(at.limit ?? this.limits.firstEntries, this.limits.historyMax);
		const actor = this.#actors.get(stream);
		try {
			return await (actor?.open ? actor.history({ ...at, limit }) : this.#historyOfLog(stream, { ...at, limit }));
		} catch (error) {
			throw toDomain(error);
		}
	}

	/** Who follows here, is about to have gone, or has followed since this stream became active. Empty if it is not. */
	presence(stream: string): PresenceMessage[] {
		return this.#actors.get(stream)?.presence() ?? [];
	}

	/** Whose connections follow here at this moment. Unlike in `presence`, who has just gone is gone. */
	following(stream: string): ReadonlySet<string> {
		return this.#actors.get(stream)?.following() ?? new Set();
	}

	/** For operators. Null: it is not active here. */
	look(stream: string): { tail: number; followers: number } | null {
		const actor = this.#actors.get(stream);
		return actor?.open ? { tail: actor.tail, followers: actor.followers } : null;
	}

	/** For operators: what is active here, in the order of the ids, from `from` on, `limit` at most. Copies no more than that, however many there are. */
	list(from: string, limit: number): { id: string; tail: number; followers: number }[] {
		const found: string[] = [];
		for (const id of this.#actors.keys()) if (id >= from) keepLeast(found, id, limit);
		return found.flatMap((id) => {
			const seen = this.look(id);
			return seen ? [{ id, ...seen }] : [];
		});
	}

	/** To the others who follow. Dropped for those who are behind. */
	typing(stream: string, userId: string): void {
		this.#actors.get(stream)?.typing(userId);
	}

	/** To all who follow; whoever is behind gets the newest of each user and kind later. */
	receipt(stream: string, receipt: ReceiptMessage): void {
		const key = `receipt ${receipt.kind} ${receipt.userId}`;
		this.#actors.get(stream)?.tell({ event: "receipt", payload: receipt, key });
	}

	/** To this user's connections; whoever is behind gets the newest later. */
	counters(stream: string, userId: string, counters: CountersMessage): void {
		this.#actors.get(stream)?.tell({ event: "counters", payload: counters, key: "counters", to: userId });
	}

	/** Membership, ownership and tail are looked at now: for whoever knows that something has changed. */
	async check(stream: string): Promise<void> {
		try {
			// One that is becoming active may have asked for its tail a moment ago.
			await this.#loading.get(stream);
			await this.#actors.get(stream)?.check();
		} catch (error) {
			throw toDomain(error);
		}
	}

	/** Bodies of this stream were erased in the log: nothing is served from memory that was read before. */
	forget(stream: string): void {
		this.#actors.get(stream)?.forget();
	}

	/** Flushes, says `moved` to the followers, unloads. */
	async release(stream: string): Promise<void> {
		const actor = this.#actors.get(stream);
		await actor?.release();
		// A hand-over that was under way may have found that the stream is ours again.
		if (actor?.open) await actor.release();
	}

	/** The ring has changed: streams that are no longer ours are released, in batches. */
	async recheck(): Promise<void> {
		const { ownership } = this.ports;
		const lost = [...this.#actors.keys()].filter((stream) => !ownership.owns(stream));
		await this.#handOver(lost, (stream) => !ownership.owns(stream));
	}

	/** Before the node stops: takes no more followers, and hands over what it has, some streams at a time. Posts are still served. */
	async drain(): Promise<void> {
		if (this.#state === "serving") this.#state = "draining";
		// Again, for those who were on their way in when it began.
		do await this.#handOver([...this.#actors.keys()], () => true);
		while (this.followers > 0 && this.#state === "draining");
	}

	/** Releases everything at once; then refuses. What could not be written within `flushMs` is refused as well. No timer is left. */
	async stop(): Promise<void> {
		this.#state = "stopped";
		await Promise.all([...this.#actors.keys()].map((stream) => this.release(stream)));
		this.#waits.end();
		this.#pager.end();
		this.#cancelSweep?.();
		this.#cancelSweep = null;
	}

	protected createActor(stream: string, tail: number, parts: ActorParts<Frame>): Actor<Frame> {
		return new Actor(stream, tail, parts);
	}

	async #postLater(stream: string, request: PostRequest): Promise<Posted> {
		for (;;) {
			const actor = await this.#enter(stream);
			if (actor.open) return actor.post(request);
		}
	}

	/** An actor that was open a moment ago: whoever awaits this looks again. */
	async #enter(stream: string): Promise<Actor<Frame>> {
		const waiting = this.#entering.get(stream) ?? 0;
		if (waiting >= this.limits.mailboxEntries) throw new DomainError("STREAM_OVERLOADED");
		this.#entering.set(stream, waiting + 1);
		try {
			return await this.#opened(stream);
		} finally {
			const left = (this.#entering.get(stream) ?? 1) - 1;
			if (left > 0) this.#entering.set(stream, left);
			else this.#entering.delete(stream);
		}
	}

	async #opened(stream: string): Promise<Actor<Frame>> {
		for (;;) {
			if (this.#state === "stopped") throw new DomainError("UNAVAILABLE");
			const actor = this.#actors.get(stream);
			if (actor?.open) return actor;
			await (actor ? actor.release() : this.#activate(stream));
		}
	}

	#activate(stream: string): Promise<void> {
		const running = this.#loading.get(stream);
		if (running) return running;
		const load = this.#load(stream).finally(() => this.#loading.delete(stream));
		this.#loading.set(stream, load);
		return load;
	}

	async #load(stream: string): Promise<void> {
		const tail = await this.#tail(stream);
		if (this.#state === "stopped" || this.#actors.has(stream)) return;
		const { ports, limits, metrics } = this;
		const ended = (actor: Actor<Frame>) => this.#ended(actor);
		this.#actors.set(stream, this.createActor(stream, tail, { ports, limits, metrics, pager: this.#pager, ended }));
		metrics.activations += 1;
		ports.observer?.activated?.(stream, tail);
		this.#armSweep();
	}

	async #tail(stream: string): Promise<number> {
		const { tries, retryMs, retryMaxMs } = this.limits;
		for (let failures = 1; ; failures += 1) {
			try {
				return await this.ports.log.tail(stream);
			} catch (error) {
				if (toDomain(error) === error || failures >= tries || this.#state === "stopped") throw toDomain(error);
				await this.#waits.sleep(backoff(failures, retryMs, retryMaxMs, this.ports.random));
			}
		}
	}

	#ended(actor: Actor<Frame>): void {
		this.#actors.delete(actor.stream);
		this.metrics.unloads += 1;
	}

	async #historyOfLog(stream: string, at: { before?: number; after?: number; limit: number }): Promise<Entry[]> {
		const { log } = this.ports;
		if (at.after !== undefined) return log.after(stream, at.after, at.limit);
		return log.before(stream, at.before ?? (await log.tail(stream)) + 1, at.limit);
	}

	async #handOver(streams: readonly string[], lost: (stream: string) => boolean): Promise<void> {
		const { moveBatch, moveBatches, movePauseMs: pauseMs } = this.limits;
		const size = Math.max(moveBatch, Math.ceil(streams.length / moveBatches));
		for (let start = 0; start < streams.length; start += size) {
			if (start > 0) await this.#waits.sleep(pauseMs * (0.5 + this.ports.random() / 2));
			const batch = streams.slice(start, start + size);
			await Promise.all(batch.map((stream) => this.#actors.get(stream)?.release(() => lost(stream))));
		}
	}

	#armSweep(): void {
		this.#cancelSweep ??= this.ports.timers.after(this.limits.idleMs / 2, () => {
			this.#cancelSweep = null;
			const now = this.ports.timers.now();
			for (const actor of [...this.#actors.values()]) if (actor.idleFor(now) >= this.limits.idleMs) actor.unload();
			if (this.#actors.size > 0) this.#armSweep();
		});
	}
}
