import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import type { ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { ServiceCaller } from "../../contracts/call.ts";
import { accessToken, type EndedSession } from "../../mixins/access-token/index.ts";

/** Stands in for the service `auth` where only its tokens matter: its keys, the tokens it signs, the sessions it ended. */
export interface FakeAuth {
	schema: ServiceSchema;
	keys: JWK[];
	ended: EndedSession[];
	/** Programs by the digest of their service key. */
	programs: Map<string, ServiceCaller>;
	/** How often `auth.jwks` and `auth.verifyKey` were asked. */
	asked: { jwks: number; verifyKey: number };
	/** Makes another key, puts it first, and signs with it from now on. */
	rotate(kid: string): Promise<void>;
	privateKey(): CryptoKey;
	sign(claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: CryptoKey | Uint8Array): Promise<string>;
}

export const fakeAuth = async (): Promise<FakeAuth> => {
	const keys: JWK[] = [];
	const ended: EndedSession[] = [];
	const programs = new Map<string, ServiceCaller>();
	const asked = { jwks: 0, verifyKey: 0 };
	let current: { kid: string; privateKey: CryptoKey };
	const auth: FakeAuth = {
		keys,
		ended,
		programs,
		asked,
		privateKey: () => current.privateKey,
		async rotate(kid) {
			const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
			current = { kid, privateKey };
			keys.unshift({ ...(await exportJWK(publicKey)), kid, use: "sig", alg: "EdDSA" });
		},
		sign(claims = {}, header = {}, key = current.privateKey) {
			const iat = Math.floor(clock.now() / 1000);
			const standard = { iss: "souk", aud: "souk", sub: "ana", roles: ["buyer"], sid: "s1", iat, exp: iat + 900 };
			return new SignJWT({ ...standard, ...claims })
				.setProtectedHeader({ alg: "EdDSA", kid: current.kid, typ: accessToken.type, ...header })
				.sign(key);
		},
		schema: {
			name: "auth",
			actions: {
				jwks() {
					asked.jwks++;
					return { keys };
				},
				verifyKey(ctx: { params: { digest: string } }) {
					asked.verifyKey++;
					return programs.get(ctx.params.digest) ?? null;
				},
				endedSessions: () => ({ items: ended, asOf: clock.now() }),
			},
		},
	};
	await auth.rotate("k1");
	return auth;
};
