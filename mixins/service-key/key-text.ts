import { createHash } from "node:crypto";

// What stands in `X-Api-Key`: `souk_<id>.<secret>`. services/auth makes it, serviceKeys() reads it. The prefix is for people and for
// scanners that look for secrets where none should be (config/redact.ts is one).

const shape = /^souk_([a-z2-7]{24})\.[A-Za-z0-9_-]{43}$/;

/** What a key says of itself, and what is asked about it: the text itself goes no further than the process that it came to. */
export interface ServiceKeyClaim {
	id: string;
	/** SHA-256 of the whole text, base64url. 256 random bits need no slow hash: nobody can try them all. */
	digest: string;
}

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** `secret`: 32 bytes. */
export const formatServiceKey = (id: string, secret: Uint8Array): string =>
	`souk_${id}.${Buffer.from(secret).toString("base64url")}`;

/** Null for what cannot be a key of ours; whether it is one is not known yet. */
export const parseServiceKey = (text: string): ServiceKeyClaim | null => {
	const id = shape.exec(text)?.[1];
	return id === undefined ? null : { id, digest: digestOf(text) };
};
