import { DomainError, type ErrorCode, errorTable, type Problem, toProblem } from "../../contracts/errors.ts";
import { fromWire } from "../../middlewares/domain-errors.ts";
import type { Headers } from "./headers.ts";

export interface Refusal {
	problem: Problem;
	headers: Headers;
	/** Nobody foresaw it: it belongs in the log. */
	unexpected: boolean;
}

/** Moleculer's ways of saying that nobody could take the call, or did not answer in time. */
const nobodyAnswered = new Set([
	"SERVICE_NOT_FOUND",
	"SERVICE_NOT_AVAILABLE",
	"REQUEST_TIMEOUT",
	"REQUEST_SKIPPED",
	"REQUEST_REJECTED",
	"QUEUE_FULL",
	"BAD_GATEWAY",
	"STREAM_INVALID",
]);

const typeOf = (error: unknown): string => String((error as { type?: unknown } | null)?.type ?? "");

const known = (error: unknown): DomainError | null => {
	if (nobodyAnswered.has(typeOf(error))) return new DomainError("UNAVAILABLE");
	if (typeOf(error) === "UNABLE_DECODE_PARAM") return new DomainError("VALIDATION", "The path is not well encoded");
	return fromWire(error);
};

const challenge = (code: ErrorCode, presented: boolean): string => {
	if (code === "TOKEN_EXPIRED") return 'Bearer realm="souk", error="invalid_token", error_description="The access token expired"';
	return `Bearer realm="souk"${code === "UNAUTHORIZED" && presented ? ', error="invalid_token"' : ""}`;
};

const defaultRetry = (code: ErrorCode): number | undefined => (errorTable[code].retryable && code !== "INTERNAL" ? 1 : undefined);

/** What the client gets to see of an error: its code and what the domain chose to tell, never words of a library. */
export const refusalOf = (error: unknown, requestId: string, tokenPresented: boolean): Refusal => {
	const refusal = known(error);
	const { code, message, extras } = refusal ?? new DomainError("INTERNAL");
	const headers: Headers = {};
	if (errorTable[code].status === 401) headers["WWW-Authenticate"] = challenge(code, tokenPresented);
	const retryAfter = extras.retryAfter ?? defaultRetry(code);
	if (retryAfter !== undefined) headers["Retry-After"] = String(Math.max(1, Math.ceil(retryAfter)));
	return { problem: toProblem(code, requestId, message, extras), headers, unexpected: refusal === null };
};
