import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { type CryptoKey, importJWK, SignJWT } from "jose";
import { clock } from "../../config/clock.ts";
import type { Profile } from "../../config/profile-type.ts";
import { DomainError } from "../../contracts/errors.ts";
import { newId } from "../../contracts/ids.ts";
import { type AccessClaims, accessToken } from "../../mixins/access-token/index.ts";
import { createOnce, replace, WatchedFile } from "./key-file.adapter.ts";
import {
	BadKeySet,
	currentKey,
	formatKeySet,
	type KeySet,
	type PublicJwk,
	parseKeySet,
	publicKeys,
	refreshKeys,
	rotated,
	type SigningJwk,
} from "./key-set.ts";

const newSigningKey = (): SigningJwk => {
	const { x = "", d = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
	return { kty: "OKP", crv: accessToken.curve, kid: newId(), x, d };
};

const newKeySet = (): KeySet => ({
	signing: [newSigningKey()],
	secrets: [{ kty: "oct", kid: "refresh", k: randomBytes(32).toString("base64url") }],
});

/** What is made of one text of the key set, kept until the text changes. */
interface Loaded {
	text: string;
	set: KeySet;
	refresh: Buffer[];
	imported: Map<string, Promise<CryptoKey>>;
}

const load = (text: string): Loaded => {
	const set = parseKeySet(text);
	return { text, set, refresh: refreshKeys(set), imported: new Map() };
};

/** Whoever has to put it right is told where it stands. */
const loadFrom = (place: string, text: string): Loaded => {
	try {
		return load(text);
	} catch (error) {
		throw error instanceof BadKeySet ? new BadKeySet(`${place}: ${error.message}`) : error;
	}
};

export type KeySource = Pick<Profile, "jwtKeys" | "dataDir" | "accessTokenTtl">;

/**
 * The keys of this service: JWT_KEYS, or `jwt-keys.json` in the data folder, which is made at the first start. The file is looked
 * at again and again, so that an edit or a rotation by another process counts without a restart. Several nodes on several machines
 * need the same keys: JWT_KEYS, or a folder that they share.
 */
export class SigningKeys {
	readonly #source: KeySource;
	readonly #path: string;
	readonly #file: WatchedFile | null;
	readonly #onTrouble: (error: Error) => void;
	#loaded: Loaded;
	#refused = "";
	#missing = false;

	/** Throws `BadKeySet`. `onTrouble` hears of a file that was edited into something unusable, or is gone; the keys before that stay in use. */
	static async open(source: KeySource, onTrouble: (error: Error) => void): Promise<SigningKeys> {
		if (source.jwtKeys !== null) return new SigningKeys(source, loadFrom("JWT_KEYS", source.jwtKeys), null, "", onTrouble);
		const path = join(source.dataDir, "jwt-keys.json");
		await createOnce(path, () => formatKeySet(newKeySet()));
		const file = new WatchedFile(path);
		return new SigningKeys(source, loadFrom(path, await file.read()), file, path, onTrouble);
	}

	private constructor(
		source: KeySource,
		loaded: Loaded,
		file: WatchedFile | null,
		path: string,
		onTrouble: (error: Error) => void,
	) {
		this.#onTrouble = onTrouble;
		this.#source = source;
		this.#loaded = loaded;
		this.#file = file;
		this.#path = path;
	}

	async publicKeys(): Promise<PublicJwk[]> {
		const { set } = await this.#current();
		return publicKeys(set, clock.now(), this.#source.accessTokenTtl);
	}

	/** Keys of refresh tokens: the first makes them, all are taken. */
	async refreshKeys(): Promise<readonly Buffer[]> {
		return (await this.#current()).refresh;
	}

	async signAccessToken({ iat, exp, ...claims }: AccessClaims): Promise<string> {
		const { set, imported } = await this.#current();
		const jwk = currentKey(set, clock.now());
		const key = imported.get(jwk.kid) ?? (importJWK(jwk, accessToken.algorithm) as Promise<CryptoKey>); // bytes only for oct
		imported.set(jwk.kid, key);
		return new SignJWT({ ...claims })
			.setProtectedHeader({ alg: accessToken.algorithm, kid: jwk.kid, typ: accessToken.type })
			.setIssuer(accessToken.issuer)
			.setAudience(accessToken.audience)
			.setIssuedAt(iat)
			.setExpirationTime(exp)
			.sign(await key);
	}

	/**
	 * Adds a key. It is published at once and signs half a minute later; the one before stays published until its last token has
	 * expired. Answers the new key's id. Throws TRANSITION_REFUSED where the keys come from JWT_KEYS.
	 */
	async rotate(): Promise<string> {
		if (!this.#file) throw new DomainError("TRANSITION_REFUSED", "The keys come from JWT_KEYS: rotate them there");
		const key = newSigningKey();
		const change = (text: string): string =>
			formatKeySet(rotated(parseKeySet(text), key, clock.now(), this.#source.accessTokenTtl));
		const done = await replace(this.#path, change);
		if (!done) throw new DomainError("UNAVAILABLE", "Another process is changing the keys", { retryAfter: 1 });
		return key.kid;
	}

	async #current(): Promise<Loaded> {
		const text = await this.#read();
		if (text !== this.#loaded.text && text !== this.#refused) this.#take(text);
		return this.#loaded;
	}

	/** A file that was taken away, or cannot be read for a while, is no reason to let nobody in. */
	async #read(): Promise<string> {
		if (!this.#file) return this.#loaded.text;
		try {
			const text = await this.#file.read();
			this.#missing = false;
			return text;
		} catch (error) {
			if (!this.#missing) this.#onTrouble(error as Error);
			this.#missing = true;
			return this.#loaded.text;
		}
	}

	#take(text: string): void {
		try {
			this.#loaded = load(text);
		} catch (error) {
			if (!(error instanceof BadKeySet)) throw error;
			this.#refused = text;
			this.#onTrouble(error);
		}
	}
}
