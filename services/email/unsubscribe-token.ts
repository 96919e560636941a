import { createHmac, timingSafeEqual } from "node:crypto";
import { type NotificationKind, turnOffKinds } from "./kinds.ts";

// What the link at the foot of a mail carries: whose mails of which kind are to stop, and that we said so. It does no more than that, so it
// is good for as long as the mail lies somewhere.

export interface Unsubscription {
	userId: string;
	kind: NotificationKind;
}

/** Another use of the same secret would need other words here. */
const purpose = "souk unsubscribe 1";
const longest = 300;

const macOf = (secret: Uint8Array, userId: string, kind: string): Buffer =>
	createHmac("sha256", secret).update([purpose, userId, kind].join("\0")).digest();

/** `<user id>.<kind>.<mac>`, fit for a URL as it is. */
export const unsubscribeToken = (secret: Uint8Array, { userId, kind }: Unsubscription): string =>
	`${userId}.${kind}.${macOf(secret, userId, kind).toString("base64url")}`;

/** What we said in a token; null if we did not. Takes as long for a wrong one as for a right one. */
export const readUnsubscribeToken = (secret: Uint8Array, token: string): Unsubscription | null => {
	if (token.length > longest) return null;
	const [userId = "", word = "", mac = "", ...more] = token.split(".");
	const expected = macOf(secret, userId, word);
	const given = Buffer.from(mac, "base64url");
	const ours = given.length === expected.length && timingSafeEqual(given, expected) && given.toString("base64url") === mac;
	const kind = turnOffKinds.find((candidate) => candidate === word);
	return ours && more.length === 0 && kind !== undefined ? { userId, kind } : null;
};
