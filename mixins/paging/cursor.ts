import { createHash, timingSafeEqual } from "node:crypto";
import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { DomainError } from "../../contracts/errors.ts";

// Cursors of lists: where the page before ended, as text that clients hand back untouched. Used by every action that answers
// `{items, nextCursor}`. A cursor carries no right: what it points into is filtered by the caller's own id all the same.

const checkBytes = 6;

/** Not a secret: it tells a cursor that was cut, mangled or made up from one of ours, so that nobody gets a silent wrong page. */
const checkOf = (body: Uint8Array): Buffer =>
	createHash("sha256").update("souk cursor\0").update(body).digest().subarray(0, checkBytes);

const refused = (): DomainError =>
	new DomainError("VALIDATION", "The cursor is not one that this list gave", {
		errors: [{ pointer: "/cursor", detail: "must be the nextCursor of the page before, unchanged" }],
	});

/** `position` is JSON: the sort key of the last item of the page (and its id, where the key is not unique). Keep it short: a cursor has at most 512 characters. */
export const encodeCursor = (position: object): string => {
	const body = Buffer.from(JSON.stringify(position));
	return Buffer.concat([checkOf(body), body]).toString("base64url");
};

const parse = (cursor: string): unknown => {
	const bytes = Buffer.from(cursor, "base64url");
	const body = bytes.subarray(checkBytes);
	const check = bytes.subarray(0, checkBytes);
	if (check.length < checkBytes || !timingSafeEqual(check, checkOf(body))) throw refused();
	try {
		return JSON.parse(body.toString("utf8"));
	} catch {
		throw refused(); // somebody made up a check as well
	}
};

/** The position that `encodeCursor` was given. Throws `DomainError` VALIDATION, pointer `/cursor`, for anything else. */
export const decodeCursor = <T extends TSchema>(cursor: string, schema: T): Static<T> => {
	const position = parse(cursor);
	if (!Value.Check(schema, position)) throw refused(); // a cursor of another list
	return position as Static<T>;
};
