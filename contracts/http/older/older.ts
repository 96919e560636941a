import Type from "typebox";
import type { FieldError, Problem } from "../../errors.ts";

// What the routes of older clients have in common.

export const older = { tag: "older clients", deprecated: true } as const;

/** Their programs name people in bodies. The token says who they are; somebody else's id is an unknown one. */
export const UserId = Type.Optional(Type.Unknown({ description: "The caller's own id; somebody else's is 404" }));
export const Ignored = Type.Optional(Type.Unknown({ description: "Ignored" }));

/** Their orders are one line of ours, so their field is that line's. */
const fieldOf = (pointer: string): string => pointer.replace(/^\/(?:items\/0\/)?/, "");

const wrongField = ({ pointer, detail }: FieldError): string => (pointer === "" ? detail : `${fieldOf(pointer)}: ${detail}`);

/** A problem in one line, for clients that show what they get: what is wrong field by field, or else the detail. */
export const whyOf = ({ detail, errors = [] }: Pick<Problem, "detail" | "errors">): string =>
	errors.length === 0 ? detail : errors.map(wrongField).join("; ");
