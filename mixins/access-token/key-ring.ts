import { type CryptoKey, importJWK, type JWK } from "jose";
import { clock } from "../../config/clock.ts";
import { accessToken } from "./claims.ts";

/** Unknown key ids are a stranger's to invent: they may cost one question a second, not one a request. */
const refetchPause = 1_000;

const isOurs = (jwk: JWK): jwk is JWK & { kid: string } =>
	jwk.kty === "OKP" && jwk.crv === accessToken.curve && typeof jwk.kid === "string" && jwk.use !== "enc";

const importPublic = async ({ kid, x = "" }: JWK & { kid: string }): Promise<[string, CryptoKey]> => {
	// Nothing but the public point is taken over, whatever else stands in the set.
	const key = await importJWK({ kty: "OKP", crv: accessToken.curve, x }, accessToken.algorithm);
	return [kid, key as CryptoKey]; // a Uint8Array only for symmetric keys
};

/** The public keys of `auth.jwks`, kept here. A key that left the set is no longer trusted from the next load on. */
export class KeyRing {
	readonly #fetch: () => Promise<{ keys: JWK[] }>;
	#keys: ReadonlyMap<string, CryptoKey> = new Map();
	#loading: Promise<void> | undefined;
	#loadedAt = Number.NEGATIVE_INFINITY;

	constructor(fetch: () => Promise<{ keys: JWK[] }>) {
		this.#fetch = fetch;
	}

	has(kid: string): boolean {
		return this.#keys.has(kid);
	}

	/** One load at a time; whoever asks meanwhile waits for that one. Throws what `fetch` throws and keeps the keys it has. */
	load(): Promise<void> {
		this.#loading ??= this.#load().finally(() => {
			this.#loading = undefined;
		});
		return this.#loading;
	}

	/** The key, after asking for the set once more if it is new to us. */
	async find(kid: string): Promise<CryptoKey | undefined> {
		const known = this.#keys.get(kid);
		if (known) return known;
		const since = clock.now() - this.#loadedAt;
		// A clock that was set back would otherwise keep a new key out for as long.
		if (this.#loading || since < 0 || since >= refetchPause) await this.load();
		return this.#keys.get(kid);
	}

	async #load(): Promise<void> {
		this.#loadedAt = clock.now(); // a failure counts too: no flood at a service that is down
		const { keys } = await this.#fetch();
		this.#keys = new Map(await Promise.all(keys.filter(isOurs).map(importPublic)));
	}
}
