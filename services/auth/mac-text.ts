import { createHmac, timingSafeEqual } from "node:crypto";

// Texts that only we can have written: `<text>.<mac>`. They are made, not stored: whoever reads the database can make none, and the
// same text has the same mac whenever it is asked for.

const macOf = (text: string, key: Uint8Array): Buffer => createHmac("sha256", key).update(text).digest();

export const withMac = (text: string, key: Uint8Array): string => `${text}.${macOf(text, key).toString("base64url")}`;

const shape = /^([^\s]+)\.([A-Za-z0-9_-]{43})$/;

/** The text before the mac, or null if none of the keys made it. Takes as long for a wrong mac as for a right one. */
export const textOfMac = (token: string, keys: readonly Uint8Array[]): string | null => {
	const [, text, given] = shape.exec(token) ?? [];
	if (!text || !given) return null;
	const mac = Buffer.from(given, "base64url");
	// Another spelling of the same bytes is not the same token.
	if (mac.toString("base64url") !== given) return null;
	const matches = keys.filter((key) => timingSafeEqual(mac, macOf(text, key)));
	return matches.length > 0 ? text : null;
};
