import { batched } from "../batching/batched.ts";
import { WriteUncertain } from "../store/errors.ts";
import type { Collection, Document } from "../store/port.ts";

// Numbers that people read: 1, 2, 3 … without gaps while many ask at once. Why it is done this way: docs/decisions/0003-order-codes.md.

export interface SequenceDocument extends Document {
	/** The last number that was given out. */
	n: number;
	/** Whom the last numbers were given to, in order: the last of them has number `n`. */
	recent: string[];
}

/** How many of the last owners are known by name. A request that is repeated later than that gets a new number and leaves a gap. */
export const remembered = 1_000;
/**
 * Gives each owner (an id that was chosen before) its number, the same one when it asks again while it is remembered. Those who
 * ask in one turn of the event loop, or while a command is on its way, share the next command; so do several nodes, without
 * knowing of each other, because the update is atomic.
 *
 * A crash after the update and before the owner's own document was written leaves a number that nobody has, unless the
 * request comes again. A number is never given to two owners: that would need the counter to go backwards (a restored
 * backup), for which `raise` is there and a unique index on what is numbered.
 */
export class Sequence {
	readonly #counters: Collection<SequenceDocument>;
	readonly #name: string;
	readonly #ask = batched((owners: readonly string[]) => this.#take(owners));

	constructor(counters: Collection<SequenceDocument>, name: string) {
		this.#counters = counters;
		this.#name = name;
	}

	/** Throws what the store throws; the owner may ask again. */
	async numberOf(owner: string): Promise<number> {
		const number = await this.#ask(owner);
		if (number === undefined) throw new Error(`sequence ${this.#name}: no number for an owner of its batch`);
		return number;
	}

	/** The next number will be above `least`. Owners are forgotten with it: their numbers were given out by a counter that went backwards. */
	async raise(least: number): Promise<void> {
		await this.#counters.create({ _id: this.#name, n: least, recent: [] });
		await this.#counters.update({ _id: this.#name, n: { $lt: least } }, { $set: { n: least, recent: [] } });
	}

	async #take(owners: readonly string[]): Promise<Map<string, number>> {
		const known = new Map<string, number>();
		let missing = owners;
		// One round, unless the counter is new, an answer was lost, or another node has given a number to one of them since.
		while (missing.length > 0) {
			const counter = (await this.#add(missing)) ?? (await this.#read());
			const numbers = numbersIn(counter);
			for (const owner of missing) {
				const number = numbers.get(owner);
				if (number !== undefined) known.set(owner, number);
			}
			missing = owners.filter((owner) => !known.has(owner));
		}
		return known;
	}

	/** One atomic step for all of them. Null: one of them has a number already, or there is no counter yet. */
	async #add(owners: readonly string[]): Promise<SequenceDocument | null> {
		try {
			return await this.#counters.update(
				{ _id: this.#name, recent: { $nin: owners } },
				{ $inc: { n: owners.length }, $push: { recent: { $each: owners, $slice: -remembered } } },
			);
		} catch (error) {
			// The filter makes it safe to find out: if it happened, they are in `recent` now.
			if (error instanceof WriteUncertain) return null;
			throw error;
		}
	}

	async #read(): Promise<SequenceDocument> {
		const found = await this.#counters.findById(this.#name);
		return found ?? (await this.#counters.create({ _id: this.#name, n: 0, recent: [] })).document;
	}
}

const numbersIn = ({ n, recent }: SequenceDocument): Map<string, number> =>
	new Map(recent.map((owner, index) => [owner, n - (recent.length - 1 - index)]));
