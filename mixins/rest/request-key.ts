import type { RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Route } from "../../contracts/http/route.ts";
import { bodyHash, deriveId, newId } from "../../contracts/ids.ts";

const secrets = new Set(["password", "current", "next"]);

/** A hash that is stored with an entity must not let anybody try passwords against it. */
const withoutSecrets = (body: unknown): unknown => {
	if (body === null || typeof body !== "object" || Array.isArray(body)) return body;
	return Object.fromEntries(Object.entries(body).filter(([name]) => !secrets.has(name)));
};

const hashOf = (body: unknown): string => {
	try {
		return bodyHash(withoutSecrets(body));
	} catch (error) {
		// A body may be nested deeper in members that nobody reads than the stack is.
		if (error instanceof RangeError) throw new DomainError("VALIDATION", "The body is nested too deeply");
		throw error;
	}
};

const named = (header: string): string => {
	const detail = header === "" ? "must not be empty" : header.length > 255 ? "must not have more than 255 characters" : null;
	if (!detail) return header;
	throw new DomainError("VALIDATION", `Idempotency-Key ${detail}`, { errors: [{ pointer: "/Idempotency-Key", detail }] });
};

/**
 * Fixes the ids of what a request will make: derived from the Idempotency-Key within user, method and concrete path, or else
 * random. Throws VALIDATION for a key that is empty or too long; routes that make nothing ignore the header.
 */
export const requestKey = (
	route: Route,
	request: { userId: string; path: readonly string[]; body: unknown; idempotencyKey: string | undefined },
): RequestKey => {
	const hash = hashOf(request.body);
	if (!route.idempotent || request.idempotencyKey === undefined) return { key: newId(), hash, named: false };
	const name = named(request.idempotencyKey.trim());
	return { key: deriveId("request", request.userId, route.method, route.path, ...request.path, name), hash, named: true };
};
