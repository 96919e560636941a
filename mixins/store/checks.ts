import type { Comparison, IndexSpec, Scalar, Update, Where } from "./port.ts";

// Both stores take exactly what the port says and refuse the rest alike, before anything is sent: what a filter does not
// understand must never turn into a filter that matches more.

const comparisons = new Set(["$in", "$nin", "$ne", "$gt", "$gte", "$lt", "$lte", "$exists"]);
const updateOperators = new Set(["$set", "$unset", "$inc", "$min", "$max", "$push", "$pull", "$addToSet"]);
const plainPath = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

export const isScalar = (value: unknown): value is Scalar =>
	value === null ||
	typeof value === "string" ||
	typeof value === "boolean" ||
	(typeof value === "number" && Number.isFinite(value));

const refuse = (what: string): never => {
	throw new TypeError(what);
};

const checkPath = (path: string): void => {
	if (path === "") refuse("a path is empty");
	for (const part of path.split(".")) {
		if (part === "" || part === "__proto__" || part === "constructor" || part === "prototype") refuse(`"${path}" is no path`);
	}
};

const checkComparison = (path: string, comparison: Comparison): void => {
	const entries = Object.entries(comparison);
	if (entries.length === 0) refuse(`"${path}" is compared with nothing`);
	for (const [operator, operand] of entries) {
		if (!comparisons.has(operator)) refuse(`"${path}" is compared by ${operator}, which is not part of the port`);
		const list = operator === "$in" || operator === "$nin";
		const right = list ? Array.isArray(operand) && operand.every(isScalar) : isScalar(operand);
		if (!right || (operator === "$exists" && typeof operand !== "boolean"))
			refuse(`${operator} of "${path}" has a wrong operand`);
	}
};

/** Throws TypeError: an undefined value above all, which one store would ignore and so match everything. */
export const checkWhere = (where: Where): void => {
	for (const [path, condition] of Object.entries(where)) {
		checkPath(path);
		if (path.startsWith("$")) refuse(`${path} at the top of a filter is not part of the port`);
		if (isScalar(condition)) continue;
		if (typeof condition !== "object" || condition === null || Array.isArray(condition))
			refuse(`"${path}" is compared with a wrong value`);
		checkComparison(path, condition as Comparison);
	}
};

const conflicts = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);

/** With several conditions on one array MongoDB leaves open which element `$` stands for. */
const checkPositional = (path: string, where: Where): void => {
	const at = path.indexOf(".$");
	if (at < 0) return;
	const field = path.slice(0, at);
	const rest = path.slice(at + 2);
	if ((rest !== "" && !rest.startsWith(".")) || rest.includes("$")) refuse(`"${path}": only one plain $ is part of the port`);
	const count = Object.keys(where).filter((key) => key === field || key.startsWith(`${field}.`)).length;
	if (count !== 1) refuse(`"${path}" needs exactly one condition on "${field}" in the filter`);
};

/**
 * The same update without what is undefined (JSON has no such value) and without operators that are left empty.
 * Throws TypeError for an unknown operator, a change of the id, two changes of one path, an ambiguous `$`, and nothing to change.
 */
export const normalUpdate = (update: Update, where: Where): Update => {
	const result: Record<string, Record<string, unknown>> = {};
	const paths: string[] = [];
	for (const [operator, fields] of Object.entries(update)) {
		if (!updateOperators.has(operator)) refuse(`${operator} is not part of the port`);
		const kept = Object.entries((fields ?? {}) as Record<string, unknown>).filter(([, value]) => value !== undefined);
		for (const [path] of kept) {
			checkPath(path);
			if (conflicts(path, "_id")) refuse("an id never changes");
			checkPositional(path, where);
			const other = paths.find((known) => conflicts(known, path));
			if (other !== undefined) refuse(`the update changes "${path}" and "${other}" at once`);
			paths.push(path);
		}
		if (kept.length > 0) result[operator] = Object.fromEntries(kept);
	}
	if (paths.length === 0) refuse("the update changes nothing");
	return result as Update;
};

export const checkIndexes = (collection: string, indexes: readonly IndexSpec[]): void => {
	if (!plainPath.test(collection)) refuse(`"${collection}" is no name for a collection`);
	const names = new Set<string>();
	for (const { name, fields, sparse } of indexes) {
		if (!plainPath.test(name) || names.has(name)) refuse(`"${name}" is no name, or twice the name, of an index of ${collection}`);
		names.add(name);
		if (fields.length === 0 || !fields.every(([path]) => plainPath.test(path)))
			refuse(`index ${name} of ${collection} has wrong fields`);
		if (sparse && fields.length > 1) refuse(`index ${name} of ${collection} is compound and sparse, which is not portable`);
	}
};

export const checkId = (id: unknown): void => {
	if (typeof id !== "string" || id === "") refuse("a document's _id is a string that is not empty");
};
