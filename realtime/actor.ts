import { type ErrorCode, errorTable } from "../contracts/errors.ts";
import type { PresenceMessage, PresenceState, ProblemMessage, ReadyMessage } from "../contracts/stream-messages.ts";
import { Audience, type AudienceParts, type Passing } from "./audience.ts";
import { Backstop } from "./backstop.ts";
import type { Entry } from "./entry.ts";
import { type Attached, Follower, type FollowerHome } from "./follower.ts";
import { Known } from "./known.ts";
import type { Limits } from "./limits.ts";
import type { Posted, PostRequest } from "./mailbox.ts";
import type { Metrics } from "./metrics.ts";
import type { Pager } from "./pager.ts";
import type { EndReason, Greeting, Ports, Sink } from "./ports.ts";
import { Presence } from "./presence.ts";
import { Typing } from "./typing.ts";
import { Waits } from "./waits.ts";
import { Writer, type WriterParts } from "./writer.ts";

export interface AttachRequest<Frame> {
	userId: string;
	sink: Sink<Frame>;
	/** The last seq the client has. Without it the newest `last` entries come first. */
	after?: number;
	/** The id of the entry that the client has at `after`. */
	lastId?: string;
	/** 0..`firstEntriesMax`; `firstEntries` without it. */
	last?: number;
}

export interface ActorParts<Frame> {
	ports: Ports<Frame>;
	limits: Limits;
	metrics: Metrics;
	pager: Pager<Frame>;
	/** It has ended: no post and no follower is left. */
	ended(actor: Actor<Frame>): void;
}

/** One active stream on this node. `open` until it is handed over or unloaded; afterwards a new one takes its place. */
export class Actor<Frame> implements FollowerHome<Frame> {
	readonly stream: string;
	protected readonly parts: ActorParts<Frame>;
	protected readonly known: Known;
	readonly #waits: Waits;
	readonly #writer: Writer;
	readonly #audience: Audience<Frame>;
	readonly #presence: Presence;
	readonly #backstop: Backstop;
	readonly #typing: Typing;
	#closing: Promise<void> | null = null;
	#state: "open" | "closing" | "ended" = "open";
	#usedAt: number;
	/** Attaches that wait for an answer; it must not unload under them. */
	#attaching = 0;

	constructor(stream: string, tail: number, parts: ActorParts<Frame>) {
		const { ports, limits, metrics, pager } = parts;
		this.stream = stream;
		this.parts = parts;
		this.#usedAt = ports.timers.now();
		this.#waits = new Waits(ports.timers);
		this.#audience = this.createAudience({ ports, limits, metrics, pager, known: () => this.known });
		this.known = new Known(stream, tail, { ...ports, limits }, (entries, bytes) => {
			this.#audience.deliver(entries, bytes);
			ports.observer?.advanced?.(stream, this.known.tail);
		});
		this.#writer = this.createWriter({
			...ports,
			limits,
			metrics,
			known: this.known,
			waits: this.#waits,
			observer: ports.observer ?? {},
			broken: (error) => this.#broken(error),
		});
		this.#presence = new Presence(ports.timers, limits.presenceGraceMs, limits.presenceUsers, (row) => {
			ports.observer?.presence?.(stream, row);
			this.tell({ event: "presence", payload: row, key: `presence ${row.userId}` });
		});
		this.#typing = new Typing(limits.typingMs, limits.presenceUsers);
		this.#backstop = new Backstop({
			...ports,
			limits,
			metrics,
			known: this.known,
			lost: () => void this.release(() => !ports.ownership.owns(stream)),
			judge: () => this.#judge(),
			sound: () => this.#sound(),
			failed: () => this.#letGo("UNAVAILABLE"),
		});
	}

	get tail(): number {
		return this.known.tail;
	}

	get sinkBytes(): number {
		return this.parts.limits.sinkBytes;
	}

	get sinkEntries(): number {
		return this.parts.limits.sinkEntries;
	}

	get open(): boolean {
		return this.#state === "open";
	}

	get followers(): number {
		return this.#audience.size;
	}

	/** Followers who do not have all entries yet. */
	get lagging(): number {
		return this.#audience.followers.filter(({ cursor }) => cursor < this.tail).length;
	}

	/** Posts that are not answered yet. */
	get waiting(): number {
		return this.#writer.size;
	}

	/** Who has a connection here now. */
	following(): Set<string> {
		return new Set(this.#audience.followers.map(({ userId }) => userId));
	}

	post(request: PostRequest): Promise<Posted> {
		this.#usedAt = this.parts.ports.timers.now();
		return this.#writer.post(request);
	}

	/** Null: it closed meanwhile, and the next actor of the stream has to be asked. */
	async attach(request: AttachRequest<Frame>): Promise<Attached | null> {
		this.#attaching += 1;
		try {
			const greeting = await this.parts.ports.greet(this.stream, request.userId);
			await this.known.refreshIfOld();
			const known = await this.#hasPosition(request);
			return this.open ? this.#join(request, greeting, known) : null;
		} finally {
			this.#attaching -= 1;
			this.#usedAt = this.parts.ports.timers.now();
		}
	}

	async history({ before, after, limit }: { before?: number; after?: number; limit: number }): Promise<Entry[]> {
		// Who asks from our end on, or from beyond it, may have heard of more than we have: another node may own the stream by now.
		if (after !== undefined && after >= this.tail) await this.known.refresh();
		else await this.known.refreshIfOld();
		if (after !== undefined) return this.known.historyAfter(after, limit);
		return this.known.historyBefore(Math.min(before ?? this.tail + 1, this.tail + 1), limit);
	}

	presence(): PresenceMessage[] {
		return this.#presence.rows();
	}

	tell(passing: Passing): void {
		this.#audience.tell(passing);
	}

	typing(userId: string): void {
		const until = this.#typing.say(userId, this.parts.ports.timers.now());
		if (until !== null) this.tell({ event: "typing", payload: { userId, until }, except: userId });
	}

	/** A round of the backstop, now. Throws what log and membership throw. */
	check(): Promise<void> {
		return this.#backstop.check();
	}

	forget(): void {
		this.known.recent.clear();
		this.#audience.forgetPages();
	}

	/** Flushes, says `moved` and ends, unless `lost` says after the flush that the stream came back. */
	release(lost: () => boolean = () => true): Promise<void> {
		if (this.#state === "ended") return Promise.resolve();
		this.#closing ??= this.#release(lost);
		return this.#closing;
	}

	/** Milliseconds for which nobody needed it. No await lies between this and `unload`, so nobody can come in between. */
	idleFor(now: number): number {
		const needed = this.followers > 0 || this.#writer.size > 0 || this.#attaching > 0 || !this.open;
		return needed ? 0 : now - this.#usedAt;
	}

	unload(): void {
		this.#end();
	}

	leave(follower: Follower<Frame>): void {
		this.#audience.remove(follower);
		this.#left([follower]);
	}

	setState(follower: Follower<Frame>, state: Exclude<PresenceState, "offline">): void {
		this.#presence.set(follower.userId, follower, state);
	}

	catchUp(follower: Follower<Frame>): void {
		this.parts.pager.add(follower);
	}

	pageFromMemory(follower: Follower<Frame>): boolean {
		return this.#audience.pageFromMemory(follower);
	}

	pageFromLog(follower: Follower<Frame>): Promise<void> {
		return this.#audience.pageFromLog(follower);
	}

	protected createWriter(parts: WriterParts): Writer {
		return new Writer(parts);
	}

	protected createAudience(parts: AudienceParts<Frame>): Audience<Frame> {
		return new Audience(parts);
	}

	/** A position beyond what is known here may come from another owner, so the log is asked before the client is told to start over. */
	async #hasPosition({ after = 0, lastId }: AttachRequest<Frame>): Promise<boolean> {
		if (after > this.tail) await this.known.refresh();
		if (after > this.tail) return false;
		if (after === 0 || lastId === undefined) return true;
		return (await this.known.at(after))?.id === lastId;
	}

	/** All in one tick: what is told in `ready` and what comes after it leave nothing between them. */
	#join({ userId, sink, after, last }: AttachRequest<Frame>, greeting: Greeting, known: boolean): Attached {
		const { limits, ports } = this.parts;
		const newest = Math.max(0, this.tail - Math.min(last ?? limits.firstEntries, limits.firstEntriesMax));
		const follower = new Follower(this.stream, userId, sink, known ? (after ?? newest) : newest, this);
		this.#presence.join(userId, follower);
		try {
			sink.write(ports.encoder.encode("ready", this.#ready(greeting, !known)));
		} catch (error) {
			this.#presence.leave(userId, follower);
			throw error;
		}
		this.#audience.join(follower);
		if (after !== undefined && known) this.parts.metrics.resumed += 1;
		this.#backstop.start();
		return follower;
	}

	#ready({ members, reads, presence = [], counters }: Greeting, reset: boolean): ReadyMessage {
		const rows = new Map([...presence, ...this.#presence.rows()].map((row) => [row.userId, row]));
		const ready = { stream: this.stream, seq: this.tail, reset, members, presence: [...rows.values()], reads };
		return counters ? { ...ready, counters } : ready;
	}

	async #release(lost: () => boolean): Promise<void> {
		this.#state = "closing";
		await Promise.race([this.#writer.flushed(), this.#waits.sleep(this.parts.limits.flushMs)]);
		if (this.#state !== "closing") return;
		if (lost()) {
			this.parts.metrics.moved += 1;
			return this.#end("moved", "moved", {});
		}
		this.#state = "open";
		this.#closing = null;
		if (this.followers > 0) this.#backstop.start();
	}

	#sound(): void {
		this.#audience.nudge();
		if (this.followers === 0) this.#backstop.stop();
	}

	/** Only those who follow when the question is asked: who came later was let in by a later state of the membership. */
	#judge(): (members: { has(userId: string): boolean } | null) => void {
		const followers = new Set(this.#audience.followers);
		return (members) => this.#letGo("NOT_FOUND", (follower) => followers.has(follower) && !members?.has(follower.userId));
	}

	#letGo(code: ErrorCode, which?: (follower: Follower<Frame>) => boolean): void {
		this.#left(this.#audience.end("problem", "problem", problem(code), which));
	}

	#left(followers: readonly Follower<Frame>[]): void {
		for (const follower of followers) this.#presence.leave(follower.userId, follower);
		if (this.followers > 0) return;
		this.#backstop.stop();
		this.#usedAt = this.parts.ports.timers.now();
	}

	/** Nobody knows what its state is worth now. The next actor begins with what the log says. */
	#broken(error: unknown): void {
		this.parts.ports.report(error, "an actor", this.stream);
		this.#end("problem", "problem", problem("UNAVAILABLE"));
	}

	#end(why: EndReason = "moved", event = "moved", payload: object = {}): void {
		if (this.#state === "ended") return;
		this.#state = "ended";
		this.#backstop.stop();
		this.#audience.end(why, event, payload);
		this.#writer.end();
		this.#waits.end();
		this.#presence.end();
		this.parts.ended(this);
	}
}

/** What is said before a connection is closed by us. */
const problem = (code: ErrorCode): ProblemMessage => {
	const { title, retryable = false } = errorTable[code] as { title: string; retryable?: true };
	return { code, title, retryable };
};
