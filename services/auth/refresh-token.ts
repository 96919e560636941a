import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

// Refresh tokens are `<session id>.<generation>.<mac>`. They are made, not stored: whoever reads the database can make none, and
// an answer that was lost can be given again to the letter.

export interface RefreshClaim {
	sessionId: string;
	generation: number;
}

/** The key of refresh tokens, from a secret that other things may be derived from as well (HKDF, RFC 5869). */
export const refreshKey = (secret: Uint8Array): Buffer => Buffer.from(hkdfSync("sha256", secret, "", "souk refresh token 1", 32));

const macOf = (key: Uint8Array, { sessionId, generation }: RefreshClaim): Buffer =>
	createHmac("sha256", key).update(`${sessionId}.${generation}`).digest();

export const formatRefreshToken = (claim: RefreshClaim, key: Uint8Array): string =>
	`${claim.sessionId}.${claim.generation}.${macOf(key, claim).toString("base64url")}`;

const shape = /^([a-z2-7]{24})\.([1-9]\d{0,14})\.([A-Za-z0-9_-]{43})$/;

/** What the token stands for, or null if none of the keys made it. Takes as long for a wrong mac as for a right one. */
export const parseRefreshToken = (token: string, keys: readonly Uint8Array[]): RefreshClaim | null => {
	const [, sessionId, digits, text] = shape.exec(token) ?? [];
	if (!sessionId || !digits || !text) return null;
	const claim = { sessionId, generation: Number(digits) };
	const mac = Buffer.from(text, "base64url");
	// Another spelling of the same bytes is not the same token.
	if (mac.toString("base64url") !== text) return null;
	const matches = keys.filter((key) => timingSafeEqual(mac, macOf(key, claim)));
	return matches.length > 0 ? claim : null;
};
