import type { Entry } from "./entry.ts";
import type { Follower } from "./follower.ts";
import type { Known } from "./known.ts";
import type { Limits } from "./limits.ts";
import type { Metrics } from "./metrics.ts";
import type { Pager } from "./pager.ts";
import type { EndReason, Ports } from "./ports.ts";
import { sizeOf } from "./recent.ts";

export interface AudienceParts<Frame> {
	ports: Ports<Frame>;
	limits: Limits;
	metrics: Metrics;
	pager: Pager<Frame>;
	known(): Known;
}

/** Newest-wins messages have a key; those without are dropped for who is behind. */
export interface Passing {
	event: string;
	payload: object;
	key?: string;
	/** Only to this user's connections, or to all but this user's. */
	to?: string;
	except?: string;
}

/** The followers of one stream, and all that is written to them. */
export class Audience<Frame> {
	protected readonly parts: AudienceParts<Frame>;
	readonly #followers: Follower<Frame>[] = [];
	#leaving: Follower<Frame>[] | null = null;
	/** The page that was encoded last: those who were cut off together come back together, from the same position. */
	#page: { first: number; last: number; frame: Frame } | null = null;

	constructor(parts: AudienceParts<Frame>) {
		this.parts = parts;
	}

	get size(): number {
		return this.#followers.length;
	}

	get followers(): readonly Follower<Frame>[] {
		return this.#followers;
	}

	join(follower: Follower<Frame>): void {
		follower.index = this.#followers.push(follower) - 1;
		this.parts.pager.add(follower);
	}

	/** The last takes its place, unless somebody walks along the array at this moment. */
	remove(follower: Follower<Frame>): void {
		follower.gone = true;
		if (this.#leaving) return void this.#leaving.push(follower);
		const last = this.#followers.pop();
		if (!last || last === follower) return;
		this.#followers[follower.index] = last;
		last.index = follower.index;
	}

	/** Live entries: to each follower that has all before them. Whoever has not is behind already, or falls behind here. */
	deliver(entries: readonly Entry[], bytes: number): void {
		// What somebody else wrote may be more than one frame should hold: then everybody is caught up, by pages.
		if (entries.length > 1 && bytes > this.parts.limits.batchBytes) {
			this.nudge();
			return;
		}
		const first = entries[0];
		const last = entries.at(-1);
		if (!first || !last || this.#followers.length === 0) return;
		const { encoder } = this.parts.ports;
		const { metrics } = this.parts;
		const frame = encoder.encode("entries", entries);
		metrics.frames += 1;
		this.#walk((follower) => {
			if (!this.mayTake(follower, first.seq)) return;
			metrics.deliveries += entries.length;
			follower.send(frame, last.seq);
		});
	}

	/** Whether entries that begin with `seq` can be written to it now. */
	protected mayTake(follower: Follower<Frame>, seq: number): boolean {
		if (follower.cursor !== seq - 1) {
			if (!follower.paging && !follower.pressed) this.parts.pager.add(follower);
			return false;
		}
		if (!follower.isFull) return true;
		this.parts.metrics.lags += 1;
		follower.press();
		return false;
	}

	/** To those who are not behind; the others get the newest of each key later. */
	tell({ event, payload, key, to, except }: Passing): void {
		if (this.#followers.length === 0) return;
		let frame: Frame | undefined;
		this.#walk((follower) => {
			if ((to !== undefined && follower.userId !== to) || follower.userId === except) return;
			frame ??= this.parts.ports.encoder.encode(event, payload);
			if (follower.cursor === this.parts.known().tail && !follower.isFull) follower.sink.write(frame);
			else if (key !== undefined) follower.hold(key, frame, this.parts.limits.heldMessages);
		});
	}

	/** Whoever is behind and was forgotten, by a sink that did not say that it drained. */
	nudge(): void {
		const { tail } = this.parts.known();
		this.#walk((follower) => {
			if (follower.sink.queued === 0 && (follower.pressed || follower.cursor < tail)) follower.drained();
		});
	}

	/** Lets those go that `which` names. */
	end(
		why: EndReason,
		event: string,
		payload: object,
		which: (follower: Follower<Frame>) => boolean = () => true,
	): Follower<Frame>[] {
		const ended = this.#followers.filter(which);
		if (ended.length === 0) return [];
		const frame = this.parts.ports.encoder.encode(event, payload);
		for (const follower of ended) {
			this.remove(follower);
			try {
				follower.end(why, frame);
			} catch (error) {
				this.parts.ports.report(error, "the end of a follower", follower.stream);
			}
		}
		return ended;
	}

	/** The ring's entries after the follower's cursor, in one frame. */
	pageFromMemory(follower: Follower<Frame>): boolean {
		const page = this.parts.known().recent.after(follower.cursor, this.parts.limits.pageEntries);
		if (!page || page.length === 0) return false;
		this.parts.metrics.pagesFromRecent += 1;
		this.#write(follower, page);
		return true;
	}

	async pageFromLog(follower: Follower<Frame>): Promise<void> {
		const page = await this.parts.known().pageAfter(follower.cursor);
		this.parts.metrics.pagesFromLog += 1;
		if (!follower.gone) this.#write(follower, page);
	}

	/**
	 * A page ends at the actor's tail, so that no cursor overtakes it: entries beyond come with the write or the round that finds them. It
	 * may have been read for a position that is no longer this one.
	 */
	#write(follower: Follower<Frame>, page: readonly Entry[]): void {
		const { tail } = this.parts.known();
		const fit = this.#cut(page.filter(({ seq }) => seq <= tail));
		const last = fit.at(-1);
		if (!last || fit[0]?.seq !== follower.cursor + 1) return;
		try {
			follower.send(this.#encoded(fit, last.seq), last.seq);
			if (follower.cursor === tail) follower.releaseHeld();
		} catch (error) {
			this.#broken(follower, error);
		}
	}

	/** As much as one page may weigh; at least one entry. */
	#cut(page: readonly Entry[]): readonly Entry[] {
		let bytes = 0;
		const end = page.findIndex(({ body }, index) => {
			bytes += sizeOf(body);
			return index > 0 && bytes > this.parts.limits.pageBytes;
		});
		return end < 0 ? page : page.slice(0, end);
	}

	#encoded(page: readonly Entry[], last: number): Frame {
		const first = page[0]?.seq ?? 0;
		if (this.#page?.first === first && this.#page.last === last) return this.#page.frame;
		const frame = this.parts.ports.encoder.encode("entries", page);
		this.#page = { first, last, frame };
		return frame;
	}

	/** Plain, and without anything made per follower: all deliveries pass here. */
	#walk(visit: (follower: Follower<Frame>) => void): void {
		const outermost = this.#leaving === null;
		this.#leaving ??= [];
		for (let i = 0; i < this.#followers.length; i += 1) {
			const follower = this.#followers[i] as Follower<Frame>; // i is in range
			if (follower.gone) continue;
			try {
				visit(follower);
			} catch (error) {
				this.#broken(follower, error);
			}
		}
		if (!outermost) return;
		const leaving = this.#leaving;
		this.#leaving = null;
		for (const follower of leaving) this.remove(follower);
	}

	/** One broken connection must not cost the others theirs. It is let go: its client comes back. */
	#broken(follower: Follower<Frame>, error: unknown): void {
		this.parts.ports.report(error, "a follower's sink", follower.stream);
		follower.leave();
	}

	/** Bodies were erased in the log. */
	forgetPages(): void {
		this.#page = null;
	}
}
