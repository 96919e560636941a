import type { Collection } from "../../mixins/store/port.ts";
import { type Inbox, newInbox, userOf } from "./inbox.ts";
import type { Tails } from "./tails.ts";

export interface TailsSaverParts {
	inboxes: Collection<Inbox>;
	tails: Tails;
	/** ISO 8601. */
	now(): string;
	failed(error: unknown): void;
}

/** From the end of one round to the start of the next, in ms. */
const everyMs = 1_000;
const atOnce = 500;

/**
 * Writes down now and then where logs end, many in one command, so that after a restart notifications are written at the right place. What a
 * crash keeps from being written makes the first notification of that inbox a slower one.
 */
export class TailsSaver {
	readonly #parts: TailsSaverParts;
	#timer: NodeJS.Timeout | undefined;
	#running: Promise<void> | undefined;

	constructor(parts: TailsSaverParts) {
		this.#parts = parts;
		this.#arm();
	}

	/** All that is known by now. Throws what the store throws; those that were not written are not tried again. */
	async save(): Promise<void> {
		const unsaved = this.#parts.tails.takeUnsaved();
		for (let at = 0; at < unsaved.length; at += atOnce) await this.#save(unsaved.slice(at, at + atOnce));
	}

	async end(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		await this.#running;
		clearTimeout(this.#timer);
		await this.#try();
	}

	#arm(): void {
		this.#timer = setTimeout(() => {
			this.#running = this.#try().finally(() => this.#arm());
		}, everyMs);
	}

	async #try(): Promise<void> {
		await this.save().catch(this.#parts.failed);
	}

	async #save(ends: readonly (readonly [stream: string, tail: number])[]): Promise<void> {
		const { inboxes, now } = this.#parts;
		const updates = ends.map(([_id, tail]) => ({ where: { _id }, update: { $max: { tail } } }));
		if ((await inboxes.updateMany(updates)) === ends.length) return;
		const there = new Set((await inboxes.findByIds(ends.map(([stream]) => stream))).map(({ _id }) => _id));
		const at = now();
		// Of those whose user has not done anything yet.
		const made = ends
			.filter(([stream]) => !there.has(stream))
			.map(([stream, tail]) => ({ ...newInbox(userOf(stream), at), tail }));
		await inboxes.createMany(made.map((inbox) => ({ ...inbox, version: 1, updatedAt: at })));
	}
}
