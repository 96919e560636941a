import type { Collection, Document } from "../../mixins/store/port.ts";
import type { SweepReason } from "./faults.ts";

// How far the feed of each collection has come, and how it is: one document a collection.

/** `away`: something that it needs does not answer. */
export type FollowState = "starting" | "sweeping" | "tailing" | "polling" | "away";

export interface Sweep {
	reason: SweepReason;
	/** ISO 8601: when it began. */
	at: string;
	/** Documents that it published; absent while it runs. */
	documents?: number;
}

/** What is told of it. */
export interface Follow {
	state: FollowState;
	/** Of what went wrong. */
	detail?: string | undefined;
	/** Seconds. */
	lag: number;
	sweep?: Sweep | undefined;
}

/** Where the stream is gone on from. */
export interface Mark {
	/** MongoDB's resume token; null if the server has given none. */
	token: unknown;
	/** Epoch ms: what happened before has been published. */
	at: number | null;
}

/** Under the collection's name. */
export interface Position extends Document, Mark, Follow {
	/** Counts those who followed it: only the last of them writes here. */
	fence: number;
	/** Node id. */
	by: string;
	/** Epoch ms, of the last write here. */
	seenAt: number;
}

/** Somebody else follows the collection now. */
export class Replaced extends Error {
	override readonly name = "Replaced";
}

export class Positions {
	readonly #rows: Collection<Position>;
	readonly #node: string;

	constructor(rows: Collection<Position>, node: string) {
		this.#rows = rows;
		this.#node = node;
	}

	/**
	 * Begins to follow it: from now on whoever did before can write nothing here any more, however long they slept. After a lost
	 * answer a second claim is made, which replaces the first.
	 */
	async claim(collection: string, now: number): Promise<Position> {
		const fresh: Position = {
			...{ _id: collection, fence: 0, token: null, at: null, state: "starting", lag: 0 },
			...{ by: this.#node, seenAt: now },
		};
		await this.#rows.create(fresh);
		const claimed = await this.#rows.update({ _id: collection }, { $set: { by: this.#node, seenAt: now }, $inc: { fence: 1 } });
		if (!claimed) throw new Error(`the position of ${collection} is gone again`);
		return claimed;
	}

	/** Throws Replaced. */
	async save({ _id, fence }: Pick<Position, "_id" | "fence">, mark: Mark | null, follow: Follow, now: number): Promise<void> {
		const { detail, sweep, ...rest } = follow;
		const saved = await this.#rows.update(
			{ _id, fence },
			{
				$set: { ...mark, ...rest, ...(detail !== undefined && { detail }), ...(sweep && { sweep }), seenAt: now },
				$unset: { ...(detail === undefined && { detail: true as const }), ...(!sweep && { sweep: true as const }) },
			},
		);
		if (!saved) throw new Replaced(`${_id} is followed by another node`);
	}
}
