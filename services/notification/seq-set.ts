// Sets of seqs as intervals: sorted, disjoint, not adjacent, both ends belong to them. A person who reads from old to new has one interval,
// however many notifications there are.

export type Interval = readonly [from: number, to: number];
export type SeqSet = readonly Interval[];

export const none: SeqSet = [];

/** The first interval that ends at `seq` or later; as many as there are if none does. */
const indexAt = (set: SeqSet, seq: number): number => {
	let low = 0;
	let high = set.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		const [, to] = set[middle] as Interval; // middle is in range
		if (to < seq) low = middle + 1;
		else high = middle;
	}
	return low;
};

export const has = (set: SeqSet, seq: number): boolean => {
	const interval = set[indexAt(set, seq)];
	return interval !== undefined && interval[0] <= seq;
};

export const sizeOf = (set: SeqSet): number => set.reduce((sum, [from, to]) => sum + to - from + 1, 0);

/** With all of `from`..`to`. */
export const add = (set: SeqSet, from: number, to: number): SeqSet => {
	if (from > to) return set;
	// Those that touch it become one with it.
	const first = indexAt(set, from - 1);
	let next = first;
	while ((set[next]?.[0] ?? Number.POSITIVE_INFINITY) <= to + 1) next += 1;
	const touching = set.slice(first, next);
	const start = Math.min(from, touching[0]?.[0] ?? from);
	const end = Math.max(to, touching.at(-1)?.[1] ?? to);
	return [...set.slice(0, first), [start, end], ...set.slice(next)];
};

/** Without any of `from`..`to`. */
export const remove = (set: SeqSet, from: number, to: number): SeqSet =>
	set.flatMap(([start, end]): Interval[] => {
		if (from > to || end < from || start > to) return [[start, end]];
		const left: Interval[] = start < from ? [[start, from - 1]] : [];
		return end > to ? [...left, [to + 1, end]] : left;
	});

export const union = (a: SeqSet, b: SeqSet): SeqSet => {
	const merged: [number, number][] = [];
	for (const [from, to] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
		const last = merged.at(-1);
		if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
		else merged.push([from, to]);
	}
	return merged;
};

/** Those of 1..`to` that are not in it. */
export const complement = (set: SeqSet, to: number): SeqSet => {
	const gaps: Interval[] = [];
	let next = 1;
	for (const [start, end] of set) {
		if (start > next) gaps.push([next, Math.min(start - 1, to)]);
		next = end + 1;
		if (next > to) return gaps.filter(([from]) => from <= to);
	}
	return next <= to ? [...gaps, [next, to]] : gaps;
};

/** The `limit` smallest, ascending. */
export const ascending = (set: SeqSet, limit: number): number[] => {
	const found: number[] = [];
	for (const [from, to] of set) for (let seq = from; seq <= to && found.length < limit; seq += 1) found.push(seq);
	return found;
};

/** The `limit` largest below `before`, descending. */
export const descending = (set: SeqSet, before: number, limit: number): number[] => {
	const found: number[] = [];
	for (let index = Math.min(indexAt(set, before - 1), set.length - 1); index >= 0; index -= 1) {
		const [from, to] = set[index] as Interval; // index is in range
		for (let seq = Math.min(to, before - 1); seq >= from; seq -= 1) {
			if (found.length === limit) return found;
			found.push(seq);
		}
	}
	return found;
};
