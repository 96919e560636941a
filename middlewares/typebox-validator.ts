import { type ActionHandler, type ActionParams, type Context, type Middleware, type ServiceBroker, Validators } from "moleculer";
import type { TSchema } from "typebox";
import { DomainError } from "../contracts/errors.ts";
import { toWire } from "./domain-errors.ts";
import { compileCheck } from "./field-errors.ts";

type Params = Record<string, unknown>;
type Schema = Record<string, unknown>;

/** `params: typed(Schema)` in an action: Moleculer's type for params has an index signature, which a TypeBox schema has not. */
export const typed = (schema: TSchema): ActionParams => schema as unknown as ActionParams;

/** `params` of ours are JSON Schema objects; those of Moleculer's own services ($node, moleculer-db) are rules of fastest-validator. */
const isTypeBox = (schema: Schema): boolean =>
	(schema.type === "object" && typeof schema.properties === "object") ||
	Array.isArray(schema.anyOf) ||
	Array.isArray(schema.allOf);

/**
 * Moleculer deep-clones service schemas, which loses the hidden kinds that TypeBox's `Default` goes by, so the defaults of the
 * first level are read off the JSON Schema. A copy, because in one process the params are the caller's own object.
 */
const defaultsOf = (schema: Schema): ((params: Params) => Params) => {
	const members = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
	const defaults = members.filter(([, member]) => "default" in member).map(([name, member]) => [name, member.default] as const);
	if (defaults.length === 0) return (params) => params;
	return (params) => {
		const absent = defaults.filter(([name]) => params[name] === undefined);
		return absent.length === 0 ? params : { ...params, ...Object.fromEntries(absent) };
	};
};

/**
 * Moleculer validator whose `params` are TypeBox schemas: `validator: new TypeBoxValidator()`. Fills in defaults of the first
 * level and refuses with VALIDATION and one error a field; pointers start at the params.
 */
export class TypeBoxValidator extends Validators.Base {
	readonly #fastest = new Validators.Fastest();

	constructor() {
		super({});
	}

	// The declared type of a checker says boolean, but Moleculer reads `true` or a list of errors.
	override compile(schema: Schema): ReturnType<Validators.Base["compile"]> {
		if (!isTypeBox(schema)) return this.#fastest.compile(schema);
		const check = compileCheck(schema as TSchema);
		return ((params: Params) => check(params) ?? true) as unknown as ReturnType<Validators.Base["compile"]>;
	}

	override validate(params: Params, schema: Schema): boolean {
		if (!isTypeBox(schema)) return this.#fastest.validate(params, schema);
		const errors = compileCheck(schema as TSchema)(params);
		if (errors) throw toWire(new DomainError("VALIDATION", undefined, { errors }));
		return true;
	}

	override convertSchemaToMoleculer(schema: unknown): Schema {
		return schema as Schema;
	}

	// Not the inherited one: it answers 422 with the node's and the action's names.
	override middleware(broker: ServiceBroker): Middleware {
		const foreign = this.#fastest.middleware(broker) as Required<Middleware>;
		return {
			name: "Validator",
			localAction: (next, action) => {
				const schema = action.params as Schema | undefined;
				if (!schema || typeof schema !== "object") return next;
				return isTypeBox(schema) ? checked(schema, next) : foreign.localAction.call(broker, next, action);
			},
			localEvent: (next, event) => {
				const schema = (event as { params?: Schema }).params;
				if (!schema || typeof schema !== "object") return next;
				return isTypeBox(schema) ? checked(schema, next as ActionHandler) : foreign.localEvent(next, event);
			},
		};
	}
}

const checked = (schema: Schema, next: ActionHandler): ActionHandler => {
	const check = compileCheck(schema as TSchema);
	const withDefaults = defaultsOf(schema);
	return function (ctx: Context<Params>) {
		ctx.params = withDefaults(ctx.params ?? {});
		const errors = check(ctx.params);
		// Outside of domainErrors(): Moleculer's own middlewares wrap ours, so this one speaks the wire form itself.
		if (errors) return Promise.reject(toWire(new DomainError("VALIDATION", undefined, { errors })));
		return next.call(this, ctx);
	} as ActionHandler;
};
