import { hkdfSync } from "node:crypto";
import { textOfMac, withMac } from "./mac-text.ts";

// What the links in mails carry: `<user id>.<request id>.<mac>`. A mail that is sent again carries the same link, and what a link was
// made for is in its key: one for verifying an address sets no password.

export const linkPurposes = ["password reset", "email verification"] as const;
export type LinkPurpose = (typeof linkPurposes)[number];

export interface LinkClaim {
	userId: string;
	/** Of the request that the link was mailed for: the account knows whether that is still good. */
	requestId: string;
}

/** HKDF (RFC 5869). `secret` is one of `SigningKeys.refreshKeys`; the label keeps the purposes apart, and from all else made of it. */
const linkKey = (purpose: LinkPurpose, secret: Uint8Array): Buffer =>
	Buffer.from(hkdfSync("sha256", secret, "", `souk ${purpose} link 1`, 32));

export const formatLinkToken = (purpose: LinkPurpose, { userId, requestId }: LinkClaim, secret: Uint8Array): string =>
	withMac(`${userId}.${requestId}`, linkKey(purpose, secret));

const shape = /^([A-Za-z0-9_-]{1,64})\.([a-z2-7]{24})$/;

/** What the token stands for, or null if it was not made for this purpose with one of the secrets. */
export const parseLinkToken = (purpose: LinkPurpose, token: string, secrets: readonly Uint8Array[]): LinkClaim | null => {
	const keys = secrets.map((secret) => linkKey(purpose, secret));
	const [, userId, requestId] = shape.exec(textOfMac(token, keys) ?? "") ?? [];
	return userId && requestId ? { userId, requestId } : null;
};
