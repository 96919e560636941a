import type { PresenceState } from "../contracts/stream-messages.ts";
import type { EndReason, Sink } from "./ports.ts";

/** What a follower needs of the stream that it follows. */
export interface FollowerHome<Frame> {
	readonly tail: number;
	readonly sinkBytes: number;
	readonly sinkEntries: number;
	/** Writes the next page from memory; false if memory does not reach back so far. */
	pageFromMemory(follower: Follower<Frame>): boolean;
	/** Writes the next page, or a part of it, from the log. Throws what the log throws. */
	pageFromLog(follower: Follower<Frame>): Promise<void>;
	/** It can take pages again. */
	catchUp(follower: Follower<Frame>): void;
	setState(follower: Follower<Frame>, state: Exclude<PresenceState, "offline">): void;
	leave(follower: Follower<Frame>): void;
}

/** The handle of whoever owns the sink. */
export interface Attached {
	readonly stream: string;
	readonly userId: string;
	/** The last seq that was written to the sink. */
	readonly cursor: number;
	/** Everything that was accepted has left for the network. */
	drained(): void;
	/** Something else was written to the sink (an ack, an answer to history): its bytes count as well. */
	wrote(): void;
	setState(state: Exclude<PresenceState, "offline">): void;
	/** The connection is gone. `end` of the sink is not called afterwards. */
	leave(): void;
}

/**
 * One connection. `cursor` is the last seq it was sent; it is live exactly when that is the stream's tail, and nothing but
 * cursor + 1 is ever sent, so there is no flag that could be wrong.
 */
export class Follower<Frame> implements Attached {
	readonly stream: string;
	readonly userId: string;
	readonly sink: Sink<Frame>;
	cursor: number;
	gone = false;
	/** Waits for a page, or for one that is being read. */
	paging = false;
	/** Reads in a row that failed. */
	failures = 0;
	/** Where it stands among the followers of its stream. */
	index = -1;
	readonly #home: FollowerHome<Frame>;
	#pressed = false;
	/** Entries written since its queue was last seen empty. */
	#unsent = 0;
	#held: Map<string, Frame> | null = null;

	constructor(stream: string, userId: string, sink: Sink<Frame>, cursor: number, home: FollowerHome<Frame>) {
		this.stream = stream;
		this.userId = userId;
		this.sink = sink;
		this.cursor = cursor;
		this.#home = home;
	}

	/** Its input is paused: too much waits to be sent. */
	get pressed(): boolean {
		return this.#pressed;
	}

	drained(): void {
		if (this.gone || this.sink.queued > 0) return;
		if (this.#pressed) {
			this.#pressed = false;
			this.sink.resume();
		}
		if (this.cursor < this.#home.tail) this.#home.catchUp(this);
		else this.releaseHeld();
	}

	wrote(): void {
		if (!this.gone && this.sink.queued > this.#home.sinkBytes) this.press();
	}

	press(): void {
		if (this.#pressed) return;
		this.#pressed = true;
		this.sink.pause();
	}

	setState(state: Exclude<PresenceState, "offline">): void {
		if (!this.gone) this.#home.setState(this, state);
	}

	leave(): void {
		if (!this.gone) this.#home.leave(this);
	}

	/** It holds as much as it may: entries have to wait until it drains. */
	get isFull(): boolean {
		const { queued } = this.sink;
		return queued > 0 && (queued > this.#home.sinkBytes || this.#unsent >= this.#home.sinkEntries);
	}

	/** Entries up to and with `last`, the one after its cursor being the first. */
	send(frame: Frame, last: number): void {
		this.#unsent = (this.sink.queued === 0 ? 0 : this.#unsent) + last - this.cursor;
		this.cursor = last;
		this.sink.write(frame);
	}

	/** The last that it is sent, by whoever took it out of the stream. */
	end(why: EndReason, frame: Frame): void {
		this.#held = null;
		this.sink.write(frame);
		this.sink.end(why);
	}

	/** Of the messages with one key only the newest is kept, for when it is live again. */
	hold(key: string, frame: Frame, most: number): void {
		this.#held ??= new Map();
		this.#held.delete(key);
		this.#held.set(key, frame);
		if (this.#held.size <= most) return;
		const oldest = this.#held.keys().next();
		if (!oldest.done) this.#held.delete(oldest.value);
	}

	releaseHeld(): void {
		const held = this.#held;
		if (!held) return;
		this.#held = null;
		for (const frame of held.values()) this.sink.write(frame);
	}

	pageFromMemory(): boolean {
		return this.#home.pageFromMemory(this);
	}

	pageFromLog(): Promise<void> {
		return this.#home.pageFromLog(this);
	}

	/** Another page is due and there is room for it. Half of the bound, so that the connection does not run dry between pages. */
	get wantsPage(): boolean {
		if (this.gone || this.cursor >= this.#home.tail) return false;
		const { queued } = this.sink;
		return queued === 0 || (queued * 2 <= this.#home.sinkBytes && this.#unsent < this.#home.sinkEntries);
	}
}
