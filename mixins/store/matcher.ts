import { isScalar } from "./checks.ts";
import { mongoQuery } from "./mongo-query.ts";
import type { Where } from "./port.ts";

// Does a document satisfy a filter, with MongoDB's meaning? mingo knows; the equalities on top-level fields, which nearly every
// write is filtered by (id, version, status), are compared here because building a mingo query costs more than the write.

export type Matches = (document: object) => boolean;

const equals = (value: unknown, wanted: unknown): boolean => value === wanted || (Array.isArray(value) && value.includes(wanted));

export const compileWhere = (where: Where): Matches => {
	const simple: [string, unknown][] = [];
	const rest: Record<string, unknown> = {};
	let others = false;
	for (const [path, condition] of Object.entries(where)) {
		if (isScalar(condition) && condition !== null && !path.includes(".")) {
			simple.push([path, condition]);
		} else {
			rest[path] = condition;
			others = true;
		}
	}
	const query = others ? mongoQuery(rest) : undefined;
	return (document) =>
		simple.every(([key, wanted]) => equals(document[key as never], wanted)) &&
		(!query || query.test(document as Record<string, unknown>));
};

/** Which element of the array under `field` the filter's one condition on it matched: what a positional `$` stands for. */
export const matchedElement = (where: Where, field: string, elements: readonly unknown[]): number => {
	const conditions = Object.entries(where).filter(([path]) => path === field || path.startsWith(`${field}.`));
	const query = mongoQuery(Object.fromEntries(conditions));
	return elements.findIndex((element) => query.test(nest(field, [element])));
};

const nest = (path: string, value: unknown): Record<string, unknown> =>
	path.split(".").reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Record<string, unknown>;
