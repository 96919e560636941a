import { isDeepStrictEqual } from "node:util";
import { matchedElement } from "./matcher.ts";
import { mongoQuery } from "./mongo-query.ts";
import type { Update, Where } from "./port.ts";

// The port's update operators on one document, in place, with MongoDB's meaning and its refusals. mingo's own updater is not
// used: it ignores `$slice` on a new array and passes in silence over what MongoDB refuses (`$inc` of a string, `$push` to an
// object), so a mistake would only show in the cluster.

type Container = Record<string, unknown>;
/** Sees the container and the key that a path leads to. */
type Change = (container: Container, key: string, operand: unknown, path: string) => void;

export class UpdateRefused extends Error {
	override readonly name = "UpdateRefused";
}

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

const isArrayIndex = (key: string): boolean => /^(0|[1-9]\d*)$/.test(key);

const arrayAt = (container: Container, key: string, path: string, operator: string): unknown[] | undefined => {
	const value = container[key];
	if (value === undefined || Array.isArray(value)) return value;
	throw new UpdateRefused(`${operator} of "${path}", which is no array`);
};

const rank = (value: unknown): number => {
	if (value === undefined || value === null) return 0;
	return ["number", "string", "object", "boolean"].indexOf(typeof value) + 1;
};

/** BSON's order of the scalars: null, numbers, strings, booleans. */
const compare = (a: unknown, b: unknown): number => {
	if (rank(a) !== rank(b)) return rank(a) - rank(b);
	const [x, y] = [a as number, b as number]; // same type, and < compares strings and booleans as well
	return x < y ? -1 : x > y ? 1 : 0;
};

const listed = (operand: unknown): { each: readonly unknown[]; slice?: number } => {
	if (!isContainer(operand) || !("$each" in operand)) return { each: [operand] };
	const { $each, $slice, ...unknown } = operand;
	const other = Object.keys(unknown)[0];
	if (!Array.isArray($each) || other !== undefined)
		throw new UpdateRefused(`${other ?? "$each"} is wrong or not part of the port`);
	return typeof $slice === "number" ? { each: $each, slice: $slice } : { each: $each };
};

const pullTest = (operand: unknown): ((element: unknown) => boolean) => {
	if (!isContainer(operand)) return (element) => element === operand;
	const onElement = Object.keys(operand).some((key) => key.startsWith("$"));
	const query = mongoQuery(onElement ? { element: operand } : operand);
	if (onElement) return (element) => query.test({ element });
	return (element) => isContainer(element) && query.test(element);
};

const operators: Record<keyof Update, Change> = {
	$set: (container, key, operand) => {
		container[key] = operand;
	},
	$unset: (container, key) => {
		if (!(key in container)) return;
		if (Array.isArray(container)) container[key as never] = null as never;
		else delete container[key];
	},
	$inc: (container, key, operand, path) => {
		const value = container[key] ?? (key in container ? null : 0);
		if (typeof value !== "number" || typeof operand !== "number")
			throw new UpdateRefused(`$inc of "${path}", which is no number`);
		container[key] = value + operand;
	},
	$min: (container, key, operand) => {
		if (!(key in container) || compare(operand, container[key]) < 0) container[key] = operand;
	},
	$max: (container, key, operand) => {
		if (!(key in container) || compare(operand, container[key]) > 0) container[key] = operand;
	},
	$push: (container, key, operand, path) => {
		const { each, slice } = listed(operand);
		const all = [...(arrayAt(container, key, path, "$push") ?? []), ...each];
		container[key] = slice === undefined ? all : slice < 0 ? all.slice(slice) : all.slice(0, slice);
	},
	$pull: (container, key, operand, path) => {
		const array = arrayAt(container, key, path, "$pull");
		const goes = pullTest(operand);
		if (array) container[key] = array.filter((element) => !goes(element));
	},
	$addToSet: (container, key, operand, path) => {
		const array = [...(arrayAt(container, key, path, "$addToSet") ?? [])];
		for (const element of listed(operand).each) {
			if (!array.some((known) => isDeepStrictEqual(known, element))) array.push(element);
		}
		container[key] = array;
	},
};

/** These change nothing where there is nothing, so they must not make the way there either. */
const needsTarget = new Set<string>(["$unset", "$pull"]);

const positional = (document: Container, path: string, where: Where): string => {
	const at = path.indexOf(".$");
	if (at < 0) return path;
	const field = path.slice(0, at);
	const elements = field.split(".").reduce<unknown>((value, part) => (isContainer(value) ? value[part] : undefined), document);
	const index = Array.isArray(elements) ? matchedElement(where, field, elements) : -1;
	if (index < 0) throw new UpdateRefused(`"${path}" has no element that the filter matched`);
	return `${field}.${index}${path.slice(at + 2)}`;
};

const step = (container: Container, key: string, path: string, make: boolean): Container | undefined => {
	const next = container[key];
	if (isContainer(next)) return next;
	if (!make) return undefined;
	if (next !== undefined) throw new UpdateRefused(`"${path}" leads through "${key}", which is neither object nor array`);
	const made: Container = {};
	container[key] = made;
	return made;
};

const change = (document: Container, operator: keyof Update, path: string, operand: unknown): void => {
	const keys = path.split(".");
	const last = keys.pop() ?? path;
	let container: Container | undefined = document;
	for (const key of keys) {
		container = step(container, key, path, !needsTarget.has(operator));
		if (!container) return;
	}
	if (Array.isArray(container) && !isArrayIndex(last)) {
		if (needsTarget.has(operator)) return;
		throw new UpdateRefused(`"${path}" names a field of an array`);
	}
	operators[operator](container, last, operand, path);
};

/** Changes `document` in place. Throws `UpdateRefused` for what MongoDB would refuse; the document is then half-changed: drop it. */
export const applyUpdate = (document: object, update: Update, where: Where): void => {
	for (const [operator, fields] of Object.entries(update)) {
		for (const [path, operand] of Object.entries(fields as Container)) {
			change(document as Container, operator as keyof Update, positional(document as Container, path, where), operand);
		}
	}
};
