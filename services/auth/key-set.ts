import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { accessToken } from "../../mixins/access-token/index.ts";
import { refreshKey } from "./refresh-token.ts";

// The keys of this service as a JWK set (RFC 7517): Ed25519 private keys (RFC 8037), the current one first, and the secret
// of the refresh tokens as a symmetric key.

export interface SigningJwk {
	kty: "OKP";
	crv: typeof accessToken.curve;
	kid: string;
	x: string;
	d: string;
	/** Epoch ms. It is published at once and signs from then on, when every verifier has it. Absent: from the beginning. */
	usedFrom?: number;
}

export interface SecretJwk {
	kty: "oct";
	kid: string;
	k: string;
}

export interface KeySet {
	readonly signing: readonly SigningJwk[];
	readonly secrets: readonly SecretJwk[];
}

export interface PublicJwk {
	kty: "OKP";
	crv: typeof accessToken.curve;
	kid: string;
	x: string;
	use: "sig";
	alg: typeof accessToken.algorithm;
	[member: string]: unknown;
}

/** The set cannot be used. Says which key and why, never a value. */
export class BadKeySet extends Error {
	override readonly name = "BadKeySet";
}

type Raw = Readonly<Record<string, unknown>>;

const textOf = (jwk: Raw, member: string): string => {
	const value = jwk[member];
	return typeof value === "string" ? value : "";
};

/** RFC 7638, for keys that came without an id. */
const thumbprint = (x: string): string =>
	createHash("sha256")
		.update(JSON.stringify({ crv: accessToken.curve, kty: "OKP", x }))
		.digest("base64url");

const publicPointOf = (jwk: Raw): string => {
	const key = createPrivateKey({
		format: "jwk",
		key: { kty: "OKP", crv: accessToken.curve, d: textOf(jwk, "d"), x: textOf(jwk, "x") },
	});
	return createPublicKey(key).export({ format: "jwk" }).x ?? "";
};

const signingKey = (jwk: Raw, which: string): SigningJwk => {
	if (jwk.crv !== accessToken.curve) throw new BadKeySet(`${which} is no ${accessToken.curve} key`);
	if (textOf(jwk, "d") === "") throw new BadKeySet(`${which} has no private part`);
	let x: string;
	try {
		x = publicPointOf(jwk);
	} catch {
		throw new BadKeySet(`${which} is malformed`); // the cause may quote the key
	}
	// A set put together by hand may pair the halves of two keys: it would sign what nobody can verify.
	if (x !== textOf(jwk, "x")) throw new BadKeySet(`the two parts of ${which} do not belong together`);
	const usedFrom = typeof jwk.usedFrom === "number" ? { usedFrom: jwk.usedFrom } : {};
	return { kty: "OKP", crv: accessToken.curve, kid: textOf(jwk, "kid") || thumbprint(x), x, d: textOf(jwk, "d"), ...usedFrom };
};

const secretKey = (jwk: Raw, which: string): SecretJwk => {
	const k = textOf(jwk, "k");
	if (Buffer.from(k, "base64url").length < 32) throw new BadKeySet(`${which} is shorter than 256 bits`);
	return { kty: "oct", kid: textOf(jwk, "kid") || "refresh", k };
};

const listIn = (text: string): readonly Raw[] => {
	let parsed: unknown;
	try {
		parsed = JSON.parse(text);
	} catch {
		throw new BadKeySet("the key set is no JSON"); // the cause quotes the text
	}
	const keys = (parsed as { keys?: unknown } | null)?.keys;
	if (!Array.isArray(keys)) throw new BadKeySet('the key set has no list "keys"');
	return keys as Raw[];
};

/** Reads a JWK set. Throws `BadKeySet`. */
export const parseKeySet = (text: string): KeySet => {
	const signing: SigningJwk[] = [];
	const secrets: SecretJwk[] = [];
	for (const [index, jwk] of listIn(text).entries()) {
		const which = `key ${index + 1}`;
		if (jwk?.kty === "OKP") signing.push(signingKey(jwk, which));
		else if (jwk?.kty === "oct") secrets.push(secretKey(jwk, which));
		else
			throw new BadKeySet(
				`${which} is of a type that is not used here: OKP (${accessToken.curve}) signs, oct is for refresh tokens`,
			);
	}
	if (signing.length === 0) throw new BadKeySet("the key set has no key to sign with");
	if (new Set(signing.map(({ kid }) => kid)).size < signing.length) throw new BadKeySet("two keys have the same kid");
	return { signing, secrets };
};

export const formatKeySet = ({ signing, secrets }: KeySet): string =>
	`${JSON.stringify({ keys: [...signing, ...secrets] }, null, "\t")}\n`;

/** The key that signs now. Only if all of them are for later (the clock was set back) does one sign before its time. */
export const currentKey = ({ signing }: KeySet, now: number): SigningJwk => {
	const key = signing.find(({ usedFrom = 0 }) => usedFrom <= now) ?? signing[0];
	if (!key) throw new BadKeySet("the key set has no key to sign with");
	return key;
};

/** Two nodes' clocks differ. */
const slack = 60_000;

/** Whether tokens of the key at `index` may still be valid: not once the key before it has signed for longer than a token lives. */
const isNeeded = ({ signing }: KeySet, index: number, now: number, ttl: number): boolean => {
	const since = signing[index - 1]?.usedFrom;
	return since === undefined || now < since + ttl + slack;
};

/** What `auth.jwks` shows: public parts only, taken one by one. */
export const publicKeys = (set: KeySet, now: number, ttl: number): PublicJwk[] =>
	set.signing
		.filter((_key, index) => isNeeded(set, index, now, ttl))
		.map(({ kty, crv, kid, x }) => ({ kty, crv, kid, x, use: "sig", alg: accessToken.algorithm }));

/** How long a new key is only shown before it signs: longer than verifiers take to ask for the set again. */
export const announcement = 30_000;

/** The set with a new key in front; those that nobody needs any more are left out. */
export const rotated = (set: KeySet, key: Omit<SigningJwk, "usedFrom">, now: number, ttl: number): KeySet => ({
	signing: [{ ...key, usedFrom: now + announcement }, ...set.signing.filter((_key, index) => isNeeded(set, index, now, ttl))],
	secrets: set.secrets,
});

/**
 * Keys of refresh tokens: the first makes them, all are taken. Without symmetric keys in the set they come from the signing
 * keys, and then leave with them: people would have to log in again.
 */
export const refreshKeys = ({ signing, secrets }: KeySet): Buffer[] => {
	const material = secrets.length > 0 ? secrets.map(({ k }) => k) : signing.map(({ d }) => d);
	return material.map((text) => refreshKey(Buffer.from(text, "base64url")));
};
