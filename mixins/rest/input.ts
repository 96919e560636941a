import type { TObject, TSchema } from "typebox";
import { Clean, Default } from "typebox/value";
import { DomainError, type FieldError } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import { compileCheck } from "../../middlewares/field-errors.ts";

export type Params = Record<string, unknown>;
/** Values of a query as text; an array where a name was repeated. */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** TypeBox's own Convert makes 12 of "12.7" and 0 of "": text that is not the canonical form stays text, and the check refuses it. */
const converted = (schema: TSchema, text: string | string[] | undefined): unknown => {
	if (typeof text !== "string") return text;
	const { type } = schema as { type?: unknown };
	if (type === "integer" && /^-?(0|[1-9]\d*)$/.test(text)) return Number(text);
	if (type === "number" && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return Number(text);
	if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
	return text;
};

/** Null: the route takes nothing from there. */
type Part<T> = ((value: T, errors: FieldError[]) => Params) | null;

/** TypeBox walks the whole value to fill in what is absent: not worth it where nothing has a default. */
const defaultsOf = (schema: TSchema): (<T>(value: T) => T) =>
	JSON.stringify(schema).includes('"default":') ? (value) => Default(schema, value) as typeof value : (value) => value;

/** Takes what the schema knows from path or query; the rest does not exist. */
const fromText = (schema: TObject | undefined): Part<Query> => {
	if (!schema) return null;
	const check = compileCheck(schema);
	const withDefaults = defaultsOf(schema);
	const members = Object.entries(schema.properties);
	return (texts, errors) => {
		const values: Params = {};
		for (const [name, member] of members) {
			if (texts[name] !== undefined) values[name] = converted(member, texts[name]);
		}
		const wrong = check(values);
		if (wrong) errors.push(...wrong);
		return withDefaults(values);
	};
};

/** An absent body is checked as an empty object: what is missing is then named member by member. */
const fromBody = (schema: TSchema | undefined): Part<unknown> => {
	if (!schema) return null;
	const check = compileCheck(schema);
	const withDefaults = defaultsOf(schema);
	return (body, errors) => {
		const value = body === undefined ? {} : body;
		const wrong = check(value);
		if (wrong) errors.push(...wrong);
		// Clean deletes what the schema does not know, `__proto__` as an own member included, before anything is merged.
		return wrong ? {} : (Clean(schema, withDefaults(value)) as Params);
	};
};

/**
 * Compiles a route's schemas once. What it answers are the action's params: path wins over query, query over body. Throws
 * VALIDATION with one error a field, NOT_FOUND for a path that fits nothing of ours; unknown members are left out, as they would
 * be by a reader that never heard of them.
 */
export const compileInput = (route: Route): ((path: Query, query: Query, body: unknown) => Params) => {
	const pathPart = fromText(route.params);
	const queryPart = fromText(route.query);
	const bodyPart = fromBody(route.raw ? undefined : route.body);
	return (path, query, body) => {
		const errors: FieldError[] = [];
		const fromPath = pathPart?.(path, errors);
		// Ids are opaque to clients: one that we never gave out is an unknown one, whatever it looks like.
		if (errors.length > 0) throw new DomainError("NOT_FOUND");
		const fromQuery = queryPart?.(query, errors);
		const params = { ...bodyPart?.(body, errors), ...fromQuery, ...fromPath };
		if (errors.length > 0) throw new DomainError("VALIDATION", undefined, { errors });
		return params;
	};
};
