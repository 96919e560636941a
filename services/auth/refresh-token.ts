import { hkdfSync } from "node:crypto";
import { textOfMac, withMac } from "./mac-text.ts";

// Refresh tokens are `<session id>.<generation>.<mac>`: an answer that was lost can be given again to the letter.

export interface RefreshClaim {
	sessionId: string;
	generation: number;
}

/** The key of refresh tokens, from a secret that other things may be derived from as well (HKDF, RFC 5869). */
export const refreshKey = (secret: Uint8Array): Buffer => Buffer.from(hkdfSync("sha256", secret, "", "souk refresh token 1", 32));

export const formatRefreshToken = ({ sessionId, generation }: RefreshClaim, key: Uint8Array): string =>
	withMac(`${sessionId}.${generation}`, key);

const shape = /^([a-z2-7]{24})\.([1-9]\d{0,14})$/;

/** What the token stands for, or null if none of the keys made it. */
export const parseRefreshToken = (token: string, keys: readonly Uint8Array[]): RefreshClaim | null => {
	const [, sessionId, digits] = shape.exec(textOfMac(token, keys) ?? "") ?? [];
	return sessionId && digits ? { sessionId, generation: Number(digits) } : null;
};
