import type { JWTPayload } from "jose";
import { type Caller, type Role, roles } from "../../contracts/call.ts";

// What is in an access token: services/auth writes it, accessTokens() reads it. JWT profile after RFC 9068.

export const accessToken = {
	issuer: "souk",
	audience: "souk",
	/** Keeps other JWTs that the same keys may sign one day from passing as access tokens (RFC 9068 §2.1). */
	type: "at+jwt",
	/** The only algorithm, pinned: what a token's header says does not decide how it is checked (RFC 8725 §3.1). */
	algorithm: "EdDSA",
	curve: "Ed25519",
} as const;

/** Claims beside `iss` and `aud`; times are seconds since the epoch. */
export interface AccessClaims {
	sub: string;
	roles: readonly Role[];
	/** The session: family of refresh tokens. */
	sid: string;
	/** `<session>.<generation>`: unique, and the same when the answer is given again. */
	jti: string;
	iat: number;
	exp: number;
}

export interface VerifiedCaller extends Caller {
	/** Epoch milliseconds. */
	expiresAt: number;
}

const isRole = (value: unknown): value is Role => roles.some((role) => role === value);

/** Null for claims that are not of ours. */
export const callerOf = ({ sub, roles: names, sid, exp }: JWTPayload): VerifiedCaller | null => {
	if (typeof sub !== "string" || typeof sid !== "string" || typeof exp !== "number") return null;
	if (!Array.isArray(names) || !names.every(isRole)) return null;
	return Object.freeze({ id: sub, roles: Object.freeze([...names]), sessionId: sid, expiresAt: exp * 1000 });
};
