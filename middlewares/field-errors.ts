import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Settings } from "typebox/system";
import type { FieldError } from "../contracts/errors.ts";

// TypeBox says what is wrong keyword by keyword; people want one sentence a field. Used by the validator and the gateway.

// TypeBox stops at 8, so a form with nine wrong fields would hide the ninth; without any bound a 1 MiB body would answer with 10 MiB.
Settings.Set({ maxErrors: 64 });

interface SchemaError {
	keyword: string;
	schemaPath: string;
	instancePath: string;
	message: string;
	params: object;
}

const pointerTo = (parent: string, member: string): string => `${parent}/${member.replaceAll("~", "~0").replaceAll("/", "~1")}`;

const param = (error: SchemaError, name: string): unknown => (error.params as Record<string, unknown>)[name];

const missing = (error: SchemaError): FieldError[] =>
	(param(error, "requiredProperties") as string[]).map((name) => ({
		pointer: pointerTo(error.instancePath, name),
		detail: "is required",
	}));

const quoted = (values: unknown): string => (values as unknown[]).map((value) => JSON.stringify(value)).join(", ");

const sentence = (error: SchemaError): string => {
	if (error.keyword === "enum") return `must be one of ${quoted(param(error, "allowedValues"))}`;
	if (error.keyword === "const") return `must be ${quoted([param(error, "allowedValue")])}`;
	if (error.keyword === "pattern" && param(error, "pattern") === "\\S") return "must not be blank";
	if (error.keyword === "format") return `must be a valid ${String(param(error, "format"))}`;
	return error.message;
};

/** Only the branches of a union say something; "must match a schema in anyOf" does not. Their sentences are alternatives. */
const isBranch = (error: SchemaError): boolean => error.schemaPath.includes("/anyOf/");

const collect = (errors: readonly SchemaError[]): FieldError[] => {
	const found = new Map<string, string>();
	for (const error of errors) {
		if (error.keyword === "anyOf" && found.has(error.instancePath)) continue;
		const fields = error.keyword === "required" ? missing(error) : [{ pointer: error.instancePath, detail: sentence(error) }];
		for (const { pointer, detail } of fields) {
			const before = found.get(pointer);
			if (before === undefined) found.set(pointer, detail);
			else if (isBranch(error) && !before.includes(detail)) found.set(pointer, `${before} or ${detail}`);
		}
	}
	return Array.from(found, ([pointer, detail]) => ({ pointer, detail }));
};

/** Compiles once; the check answers null for a valid value, else one error a field with its JSON Pointer (RFC 6901). Lengths count code points. */
export const compileCheck = (schema: TSchema): ((value: unknown) => FieldError[] | null) => {
	const validator = Compile(schema);
	return (value) => (validator.Check(value) ? null : collect(validator.Errors(value)));
};
