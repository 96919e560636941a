import type { RetentionRule } from "../../contracts/metrics.ts";
import type { Collection, Document, Where } from "../store/port.ts";

// What is removed when it has had its time. A rule looks at one index, so a round costs what it removes, however much there is.

export interface Rule {
	/** A label of the metrics. */
	readonly name: RetentionRule;
	/** For the log. */
	readonly what: string;
	/** Epoch ms since when the oldest of it should be gone; null: there is none. */
	overdueSince(now: number): Promise<number | null>;
	/** Deals with `limit` at most, the oldest first, and answers how many; fewer: that was all. Safe to repeat, and beside another. */
	remove(now: number, limit: number): Promise<number>;
}

export interface Aged<T extends Document> {
	name: RetentionRule;
	what: string;
	collection: Collection<T>;
	/** When it began to age, or with no `life` when it is to go: epoch ms, or text that begins with ISO 8601. There is an index that begins with it. */
	field: keyof T & string;
	/** ms. */
	life?: number;
	/** What else must hold. It is asked again in the command that removes. */
	where?: Where;
	/** Done before they are removed: whoever dies in between does it again. */
	before?: (documents: readonly T[]) => Promise<void>;
}

const isoLength = "2026-01-01T00:00:00.000Z".length;

const epoch = (value: unknown): number => (typeof value === "number" ? value : Date.parse(String(value).slice(0, isoLength)));

/** Documents that go when a time in them has passed. `iso`: how that time is written. */
export const aged = <T extends Document>(
	{ name, what, collection, field, life = 0, where = {}, before }: Aged<T>,
	iso = false,
): Rule => {
	const due = (now: number): Where => {
		const until = now - life;
		// A store compares values of one type only, so what has another, or none, is not due.
		return { ...where, [field]: iso ? { $gt: "", $lt: new Date(until + 1).toISOString() } : { $lte: until } };
	};
	const oldest = (now: number, limit: number): Promise<T[]> => collection.find({ where: due(now), sort: [[field, 1]], limit });
	return {
		name,
		what,
		async overdueSince(now) {
			const [first] = await oldest(now, 1);
			return first ? epoch(first[field]) + life : null;
		},
		async remove(now, limit) {
			const found = await oldest(now, limit);
			if (found.length === 0) return 0;
			await before?.(found);
			// Asked again: one that was put to use meanwhile stays.
			await collection.remove({ ...due(now), _id: { $in: found.map(({ _id }) => _id) } });
			return found.length;
		},
	};
};

export interface Handled<T extends Document> extends Pick<Aged<T>, "name" | "what" | "collection" | "field" | "life"> {
	/** Takes away what has had its time; afterwards the document is not due any more. */
	handle: (document: T, now: number) => Promise<unknown>;
}

/** Documents that stay and lose something when a time in them has passed. */
export const handled = <T extends Document>({ name, what, collection, field, life = 0, handle }: Handled<T>): Rule => {
	const oldest = (now: number, limit: number): Promise<T[]> =>
		collection.find({ where: { [field]: { $lte: now - life } }, sort: [[field, 1]], limit });
	return {
		name,
		what,
		async overdueSince(now) {
			const [first] = await oldest(now, 1);
			return first ? epoch(first[field]) + life : null;
		},
		async remove(now, limit) {
			const found = await oldest(now, limit);
			const results = await Promise.allSettled(found.map((document) => handle(document, now)));
			const failed = results.find((result) => result.status === "rejected");
			if (failed) throw failed.reason;
			return found.length;
		},
	};
};
