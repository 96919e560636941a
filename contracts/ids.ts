import { createHash, randomFillSync } from "node:crypto";

// Ids are 24 lower-case characters of base32 (RFC 4648 alphabet without padding): 120 bits, safe in URLs, subjects and file names.
const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
const idBytes = 15;

const encode = (bytes: Uint8Array): string => {
	let text = "";
	let bits = 0;
	let held = 0;
	for (const byte of bytes) {
		held = (held << 8) | byte;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			text += alphabet.charAt((held >>> bits) & 31);
		}
		held &= (1 << bits) - 1;
	}
	return text;
};

// Asking the system for 15 bytes costs as much as for 4,096, and every request takes an id or two.
const pool = new Uint8Array(idBytes * 256);
let used = pool.length;

export const newId = (): string => {
	if (used === pool.length) {
		randomFillSync(pool);
		used = 0;
	}
	used += idBytes;
	return encode(pool.subarray(used - idBytes, used));
};

/**
 * The id that a request's key fixes for one of the things it makes. The same parts give the same id on every node and in
 * every year, so a request that is sent again finds what the first one made. Parts are separated by a NUL.
 */
export const deriveId = (...parts: readonly (string | number)[]): string =>
	encode(createHash("sha256").update(parts.join("\0")).digest().subarray(0, idBytes));

const pairIdLength = 16;

/** The stream of the conversation of two: the first 16 hex digits of SHA-256 over their ids, sorted and concatenated. */
export const pairId = (a: string, b: string): string =>
	createHash("sha256").update([a, b].sort().join("")).digest("hex").slice(0, pairIdLength);

/** JSON with sorted keys: two bodies that mean the same hash the same, whatever the order of their members. */
export const canonicalJson = (value: unknown): string =>
	JSON.stringify(value, (_key, part) =>
		part !== null && typeof part === "object" && !Array.isArray(part)
			? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
			: part,
	) ?? "";

export const bodyHash = (body: unknown): string => createHash("sha256").update(canonicalJson(body)).digest("base64url");
