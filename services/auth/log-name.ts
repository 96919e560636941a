import { createHmac, hkdfSync } from "node:crypto";

/** HKDF (RFC 5869). `secret` is one of `SigningKeys.refreshKeys`. */
const logKey = (secret: Uint8Array): Buffer => Buffer.from(hkdfSync("sha256", secret, "", "souk log name 1", 32));

/**
 * What an e-mail address is called in logs, which are no place for it: the same each time, so that tries on one account are seen to be such, and of no use to
 * who has not the key (ASVS 5.0 §16.2.5).
 */
export const logNameOf = (emailKey: string, secret: Uint8Array): string =>
	`#${createHmac("sha256", logKey(secret)).update(emailKey).digest("base64url").slice(0, 16)}`;
