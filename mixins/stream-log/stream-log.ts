import { setTimeout as delay } from "node:timers/promises";
import type { Entry } from "../../realtime/entry.ts";
import { type Appended, type Draft, LogUnavailable, LogUncertain, type StreamLog } from "../../realtime/log.ts";
import { StoreUnavailable, WriteUncertain } from "../store/errors.ts";
import type { StoreCollection } from "../store/store.ts";
import { tell } from "../store/versioned.ts";
import { between, rowId, type StreamRow, sameEntry, toEntry, toRow } from "./stream-row.ts";

// The log of streams in one collection of either store. An append is one command; only what goes wrong costs more.

/** What must be gone keeps its seq and loses its body, and the events that told of it if they have not left. Repeating it is harmless. */
export interface Eraser {
	/** Answers how many entries there were. Throws LogUnavailable or, when some may be done, LogUncertain. */
	erase(stream: string, which: { seqs: readonly number[] } | { from: string }): Promise<number>;
}

/** Rounds of an append: each is an insert and a look at what became of it. */
const rounds = 4;
const longestPause = 400;
const erasedAtOnce = 500;
const end = Number.MAX_SAFE_INTEGER;

const pause = (round: number): Promise<void> => delay(Math.random() * Math.min(longestPause, 25 * 2 ** round));

const logError = (error: unknown): unknown => {
	if (error instanceof StoreUnavailable) return new LogUnavailable(error.message, { cause: error });
	if (error instanceof WriteUncertain) return new LogUncertain(error.message, { cause: error });
	return error;
};

const keyOf = ({ from, id }: { from: string; id: string }): string => `${from}/${id}`;

/** How long the run is that counts on from `first` by `step`. */
const withoutHole = (rows: readonly StreamRow[], first: number, step: 1 | -1): StreamRow[] => {
	const hole = rows.findIndex(({ seq }, index) => seq !== first + index * step);
	return rows.slice(0, hole < 0 ? rows.length : hole);
};

/** Where an append stands. */
interface Progress {
	readonly rows: readonly StreamRow[];
	/** As many, from the first, are known to be in the log. */
	stored: number;
	/** The last answer that was lost: from then on "nothing was stored" is no longer known. */
	lost: unknown;
	/** The store refused the row after those. */
	refused: boolean;
}

export class StoreStreamLog implements StreamLog, Eraser {
	readonly #rows: StoreCollection<StreamRow>;

	/** `rows`: opened with the spec `streamRows`. */
	constructor(rows: StoreCollection<StreamRow>) {
		this.#rows = rows;
	}

	async append(drafts: readonly Draft[]): Promise<Appended> {
		const progress: Progress = {
			rows: drafts.map((draft) => toRow(this.#rows, draft)),
			stored: 0,
			lost: undefined,
			refused: false,
		};
		for (let round = 0; round < rounds; round++) {
			if (round > 0) await pause(round);
			try {
				await this.#insert(progress);
				if (progress.stored === drafts.length) return { stored: progress.stored, end: "all" };
				const outcome = await this.#find(progress);
				if (outcome) return outcome;
			} catch (error) {
				if (!(error instanceof StoreUnavailable)) throw logError(error);
				if (progress.stored === 0 && !progress.lost) throw logError(error);
				progress.lost ??= error;
			}
		}
		const { stored, lost } = progress;
		if (stored > 0 || lost) throw new LogUncertain("how far an append came could not be found out", { cause: lost });
		// Somebody else's write refused ours, and a majority does not have it yet.
		throw new LogUnavailable("the log does not settle");
	}

	/**
	 * One draft each of many streams, in one command. Answers which of them are in the log under the seq they carry, and which are not: that seq is
	 * somebody else's, or the draft was posted before under another. Throws LogUnavailable, or LogUncertain: the same drafts may be sent again.
	 */
	async appendEach(drafts: readonly Draft[]): Promise<boolean[]> {
		const rows = drafts.map((draft) => toRow(this.#rows, draft));
		try {
			const stored = (await this.#rows.createMany(rows)) === rows.length;
			const there = stored ? rows : await this.#rows.findByIds(rows.map(({ _id }) => _id));
			const byId = new Map(there.map((row) => [row._id, row]));
			return rows.map((row) => {
				const found = byId.get(row._id);
				if (!found || keyOf(found) !== keyOf(row)) return false;
				this.#tell(found);
				return true;
			});
		} catch (error) {
			throw logError(error);
		}
	}

	async tail(stream: string): Promise<number> {
		const [last] = await this.#read(() => this.#rows.find({ where: between(stream, 0, end), sort: [["_id", -1]], limit: 1 }));
		return last?.seq ?? 0;
	}

	async at(stream: string, seq: number): Promise<Entry | null> {
		const row = await this.#read(() => this.#rows.findById(rowId(stream, seq)));
		return row && toEntry(row);
	}

	/** Those of these places that are taken, in no order: one command for any number of streams. */
	async atMany(places: readonly { stream: string; seq: number }[]): Promise<Entry[]> {
		const ids = places.map(({ stream, seq }) => rowId(stream, seq));
		return (await this.#read(() => this.#rows.findByIds(ids))).map(toEntry);
	}

	async after(stream: string, after: number, limit: number): Promise<Entry[]> {
		const where = between(stream, after, end);
		const rows = await this.#read(() => this.#rows.find({ where, sort: [["_id", 1]], limit }));
		return withoutHole(rows, after + 1, 1).map(toEntry);
	}

	async before(stream: string, before: number, limit: number): Promise<Entry[]> {
		const where = between(stream, 0, before);
		const rows = await this.#read(() => this.#rows.find({ where, sort: [["_id", -1]], limit }));
		return withoutHole(rows, rows[0]?.seq ?? 0, -1)
			.map(toEntry)
			.reverse();
	}

	async posted(stream: string, keys: readonly { from: string; id: string }[]): Promise<Entry[]> {
		return (await this.#read(() => this.#posted(stream, keys))).map(toEntry);
	}

	async erase(stream: string, which: { seqs: readonly number[] } | { from: string }): Promise<number> {
		if ("seqs" in which) return this.#erase(which.seqs.map((seq) => rowId(stream, seq)));
		let erased = 0;
		let last = "";
		for (;;) {
			const where = { stream, from: which.from, id: { $gt: last } };
			const page = await this.#read(() => this.#rows.find({ where, sort: [["id", 1]], limit: erasedAtOnce }));
			erased += await this.#erase(page.map(({ _id }) => _id));
			if (page.length < erasedAtOnce) return erased;
			last = page.at(-1)?.id ?? last;
		}
	}

	/** Sends what is not stored yet. Notes a lost answer; throws StoreUnavailable. */
	async #insert(progress: Progress): Promise<void> {
		const rest = progress.rows.slice(progress.stored);
		progress.refused = false;
		try {
			const count = await this.#rows.insertInOrder(rest);
			for (const row of rest.slice(0, count)) this.#tell(row);
			progress.stored += count;
			progress.refused = count < rest.length;
		} catch (error) {
			if (!(error instanceof WriteUncertain)) throw error;
			progress.lost = error;
		}
	}

	/**
	 * Looks up by id what became of the rest, and then at the seq of what was refused. Null: nothing speaks against sending the rest
	 * (again). Rows of ours that are there although the store refused them came with a try whose answer was lost.
	 */
	async #find(progress: Progress): Promise<Appended | null> {
		const { rows, lost } = progress;
		const asked = rows.slice(progress.stored, lost ? rows.length : progress.stored + 1);
		const there = new Map((await this.#posted(asked[0]?.stream ?? "", asked)).map((row) => [keyOf(row), row]));
		for (const row of asked) {
			const found = there.get(keyOf(row));
			if (!found) break;
			if (!sameEntry(row, found)) return { stored: progress.stored, end: "repeat", entry: toEntry(found) };
			this.#tell(found);
			progress.stored += 1;
			progress.refused = false;
		}
		const next = rows[progress.stored];
		if (!next) return { stored: progress.stored, end: "all" };
		if (!progress.refused || !(await this.#rows.findById(next._id))) return null;
		return { stored: progress.stored, end: "taken" };
	}

	/** Those of any of these people with any of these ids are asked for, which an index answers; it is more than was meant. */
	async #posted(stream: string, keys: readonly { from: string; id: string }[]): Promise<StreamRow[]> {
		if (keys.length === 0) return [];
		const from = [...new Set(keys.map((key) => key.from))];
		const id = [...new Set(keys.map((key) => key.id))];
		const wanted = new Set(keys.map(keyOf));
		const rows = await this.#rows.find({ where: { stream, from: { $in: from }, id: { $in: id } } });
		return rows.filter((row) => wanted.has(keyOf(row)));
	}

	#tell({ _id, outbox = [] }: StreamRow): void {
		tell(this.#rows as never, _id, outbox.filter(({ published }) => !published)); // biome-ignore format: one line
	}

	async #erase(ids: readonly string[]): Promise<number> {
		const update = { $set: { body: null, erased: true }, $unset: { outbox: true, outboxAt: true } } as const;
		return this.#read(() => this.#rows.updateMany(ids.map((_id) => ({ where: { _id }, update }))));
	}

	async #read<R>(work: () => Promise<R>): Promise<R> {
		try {
			return await work();
		} catch (error) {
			throw logError(error);
		}
	}
}
