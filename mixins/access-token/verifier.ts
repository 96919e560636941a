import { hash } from "node:crypto";
import { type CryptoKey, errors, type JWTHeaderParameters, jwtVerify } from "jose";
import { clock } from "../../config/clock.ts";
import { DomainError } from "../../contracts/errors.ts";
import { accessToken, callerOf, type VerifiedCaller } from "./claims.ts";
import { type EndedSession, EndedSessions } from "./ended-sessions.ts";
import type { KeyRing } from "./key-ring.ts";
import { Lru } from "./lru.ts";

/** Ours have about 400 characters; a megabyte of header is not worth a hash. */
const longestToken = 4_096;

interface Known {
	caller: VerifiedCaller;
	kid: string;
}

const refused = (detail: string): DomainError => new DomainError("UNAUTHORIZED", detail);

const digestOf = (token: string): string => {
	if (token.length > longestToken) throw refused("The access token is not valid");
	return hash("sha256", token, "base64");
};

/**
 * Checks access tokens in this process. A token that was checked is remembered by its SHA-256 (so that the memory of a gateway holds
 * no tokens), and costs a hash and two look-ups from then on. What can end it early is looked at every time.
 */
export class AccessTokenVerifier {
	readonly #keys: KeyRing;
	readonly #ended = new EndedSessions();
	readonly #known: Lru<string, Known>;

	constructor(keys: KeyRing, remembered = 10_000) {
		this.#keys = keys;
		this.#known = new Lru(remembered);
	}

	/** Who holds a token that was verified before; null if it was not. Throws `DomainError` UNAUTHORIZED or TOKEN_EXPIRED. */
	recall(token: string): VerifiedCaller | null {
		const digest = digestOf(token);
		const known = this.#known.get(digest);
		return known ? this.#stillGood(digest, known) : null;
	}

	/** Throws `DomainError` UNAUTHORIZED or TOKEN_EXPIRED; and what loading the keys throws. */
	async verify(token: string): Promise<VerifiedCaller> {
		const digest = digestOf(token);
		const known = this.#known.get(digest) ?? (await this.#check(token, digest));
		return this.#stillGood(digest, known);
	}

	endSession(ended: EndedSession): void {
		this.#ended.add(ended);
	}

	/** To be called now and then: forgets what has expired, and tokens of keys that are trusted no longer. */
	tidy(): void {
		const now = clock.now();
		this.#ended.forgetBefore(now);
		this.#known.deleteWhere(({ caller, kid }) => caller.expiresAt <= now || !this.#keys.has(kid));
	}

	#stillGood(digest: string, { caller }: Known): VerifiedCaller {
		if (this.#ended.has(caller.sessionId)) throw refused("This session has ended");
		if (clock.now() < caller.expiresAt) return caller;
		this.#known.delete(digest);
		throw new DomainError("TOKEN_EXPIRED");
	}

	async #check(token: string, digest: string): Promise<Known> {
		const { payload, kid } = await this.#verifySignature(token);
		const caller = callerOf(payload);
		if (!caller) throw refused("The access token is not valid");
		const known = { caller, kid };
		this.#known.set(digest, known);
		return known;
	}

	async #verifySignature(token: string) {
		try {
			const { payload, protectedHeader } = await jwtVerify(token, (header) => this.#keyFor(header), {
				algorithms: [accessToken.algorithm],
				issuer: accessToken.issuer,
				audience: accessToken.audience,
				typ: accessToken.type,
				requiredClaims: ["exp", "iat", "sub", "sid", "roles"],
				currentDate: new Date(clock.now()),
			});
			return { payload, kid: protectedHeader.kid ?? "" };
		} catch (error) {
			if (error instanceof errors.JWTExpired) throw new DomainError("TOKEN_EXPIRED");
			if (error instanceof errors.JOSEError) throw refused("The access token is not valid");
			throw error;
		}
	}

	async #keyFor({ kid }: JWTHeaderParameters): Promise<CryptoKey> {
		const key = kid === undefined ? undefined : await this.#keys.find(kid);
		if (!key) throw refused("The access token is not valid");
		return key;
	}
}
