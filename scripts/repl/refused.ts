import { DomainError, type ErrorCode } from "../../contracts/errors.ts";
import { refusalOf } from "../../middlewares/domain-errors.ts";

/** What was typed cannot be meant. */
export class Mistyped extends Error {
	override readonly name = "Mistyped";
}

export interface Said {
	readonly code: ErrorCode | "USAGE";
	readonly detail: string;
}

const typeOf = (error: unknown): string => String((error as { type?: unknown }).type ?? "");

const fieldsOf = ({ extras }: DomainError): string =>
	(extras.errors ?? []).map(({ pointer, detail }) => `; ${pointer.slice(1)} ${detail}`).join("");

/** In words for whoever typed it: a refusal is no reason for a stack. */
export const saidOf = (error: unknown): Said => {
	if (error instanceof Mistyped || String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS"))
		return { code: "USAGE", detail: (error as Error).message };
	if (typeOf(error).startsWith("SERVICE_NOT_")) return { code: "UNAVAILABLE", detail: (error as Error).message };
	if (typeOf(error) === "REQUEST_TIMEOUT") return { code: "UNAVAILABLE", detail: "Nobody answered in time" };
	const refusal = refusalOf(error) ?? new DomainError("INTERNAL", (error as Error).message);
	return { code: refusal.code, detail: `${refusal.message}${fieldsOf(refusal)}` };
};
