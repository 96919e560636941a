import { DomainError } from "../../contracts/errors.ts";

// Conditional requests, RFC 9110 §13, for entities whose ETag is their version.

export const etagOf = (version: number): string => `"${version}"`;

const entityTag = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"`;
const tagList = new RegExp(`^\\s*(?:${entityTag})(?:\\s*,\\s*${entityTag})*\\s*$`);

const tagsIn = (header: string): string[] => header.match(new RegExp(entityTag, "g")) ?? [];

/**
 * The versions that If-Match allows, or "*"; undefined without the header. Weak tags and tags that are no version of ours are
 * well-formed but never match (strong comparison), so they are left out. Throws VALIDATION for anything else.
 */
export const parseIfMatch = (header: string | undefined): readonly number[] | "*" | undefined => {
	if (header === undefined) return undefined;
	if (header.trim() === "*") return "*";
	if (!tagList.test(header)) {
		const detail = 'must be "*" or entity tags such as "3"';
		throw new DomainError("VALIDATION", `If-Match ${detail}`, { errors: [{ pointer: "/If-Match", detail }] });
	}
	return tagsIn(header).flatMap((tag) => (/^"[1-9]\d*"$/.test(tag) ? [Number(tag.slice(1, -1))] : []));
};

/** True if the client has this very version: 304. Weak comparison; a header that is malformed matches nothing. */
export const hasVersion = (ifNoneMatch: string | undefined, etag: string): boolean => {
	if (ifNoneMatch === undefined) return false;
	if (ifNoneMatch.trim() === "*") return true;
	return tagsIn(ifNoneMatch).some((tag) => tag.replace(/^W\//, "") === etag);
};
