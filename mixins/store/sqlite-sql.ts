import { isScalar } from "./checks.ts";
import type { Comparison, IndexSpec, Query, Scalar } from "./port.ts";

// Filters and sorts as SQL. The SQL of a filter may let through more than the filter means (JSON true and 1 look alike to it),
// never less; whoever reads the rows checks each against the filter. So a path may be used here only if no document has an array
// along it: json_extract does not look into arrays, and MongoDB does.

/** Missing and null count as the smallest value, as in MongoDB; -Infinity is smaller than any number that JSON can hold. */
const lowest = "-9e999";

const jsonPath = (path: string): string =>
	`'$.${path
		.split(".")
		.map((part) => `"${part}"`)
		.join(".")}'`;

/** The expression that indexes are made of; a query uses an index only if it says exactly the same. */
export const expression = (path: string): string =>
	path === "_id" ? "id" : `ifnull(json_extract(body,${jsonPath(path)}),${lowest})`;

export const present = (path: string): string => `json_type(body,${jsonPath(path)}) IS NOT NULL`;

export const createIndexSql = (table: string, name: string, { fields, unique, sparse }: IndexSpec): string => {
	const columns = fields.map(([path, direction]) => expression(path) + (direction < 0 ? " DESC" : ""));
	const only = sparse && fields[0] ? ` WHERE ${present(fields[0][0])}` : "";
	return `CREATE ${unique ? "UNIQUE " : ""}INDEX "${name}" ON "${table}" (${columns.join(", ")})${only}`;
};

type Value = string | number;

interface Term {
	sql: string;
	values: Value[];
	/** No document without the field satisfies it, so a sparse index may serve it. */
	needsField: boolean;
}

const bound = (value: Scalar): Value => (typeof value === "boolean" ? Number(value) : (value ?? Number.NEGATIVE_INFINITY));

const comparators = { $gt: ">", $gte: ">=", $lt: "<", $lte: "<=" } as const;

const membership = (path: string, values: readonly Scalar[]): Term => {
	// One statement for lists of any length. JSON has no -Infinity, so null travels beside the list.
	const plain = values.filter((value) => value !== null).map(bound);
	const list = `${expression(path)} IN (SELECT value FROM json_each(?))`;
	if (plain.length === values.length) return { sql: list, values: [JSON.stringify(plain)], needsField: true };
	return { sql: `(${list} OR ${expression(path)} = ${lowest})`, values: [JSON.stringify(plain)], needsField: false };
};

const comparisonTerms = (path: string, comparison: Comparison): Term[] => {
	const terms: Term[] = [];
	if (comparison.$in) terms.push(membership(path, comparison.$in));
	if (comparison.$exists === true && path !== "_id") terms.push({ sql: present(path), values: [], needsField: true });
	for (const [operator, sign] of Object.entries(comparators)) {
		const operand = comparison[operator as keyof typeof comparators];
		// Ranges of null and of booleans are rare and sort differently here: they are left to the check of each row.
		if (typeof operand !== "string" && typeof operand !== "number") continue;
		terms.push({ sql: `${expression(path)} ${sign} ?`, values: [operand], needsField: true });
	}
	return terms;
};

const termsOf = (path: string, condition: Scalar | Comparison): Term[] => {
	if (!isScalar(condition)) return comparisonTerms(path, condition);
	return [{ sql: `${expression(path)} = ?`, values: [bound(condition)], needsField: condition !== null }];
};

/** What SQL may be asked about: paths that are indexed and known to cross no array, and those of them that have a sparse index. */
export interface KnownPaths {
	usable(path: string): boolean;
	sparse(path: string): boolean;
}

export interface Plan {
	/** `WHERE … ORDER BY …`, possibly empty. */
	tail: string;
	values: Value[];
	/** The rows come in the order asked for. */
	ordered: boolean;
}

export const plan = ({ where = {}, sort = [] }: Query, paths: KnownPaths): Plan => {
	const clauses: string[] = [];
	const values: Value[] = [];
	const fixed = new Set<string>();
	for (const [path, condition] of Object.entries(where)) {
		if (!paths.usable(path)) continue;
		const terms = termsOf(path, condition);
		if (paths.sparse(path) && terms.some((term) => term.needsField)) clauses.push(present(path));
		for (const term of terms) {
			clauses.push(term.sql);
			values.push(...term.values);
		}
		if (isScalar(condition)) fixed.add(path);
	}
	const ordered = sort.every(([path]) => paths.usable(path));
	// A field that the filter fixes orders nothing, and would keep SQLite from reading in the index's order.
	const order = ordered ? sort.filter(([path]) => !fixed.has(path)) : [];
	const where_ = clauses.length > 0 ? ` WHERE ${[...new Set(clauses)].join(" AND ")}` : "";
	const orderBy = order.map(([path, direction]) => expression(path) + (direction < 0 ? " DESC" : ""));
	return { tail: where_ + (orderBy.length > 0 ? ` ORDER BY ${orderBy.join(", ")}` : ""), values, ordered };
};
