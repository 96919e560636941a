import type { Context, Service, ServiceSchema } from "moleculer";
import type { ServiceCaller } from "../../contracts/call.ts";
import type { ServiceKeyClaim } from "./key-text.ts";
import { ServiceKeyVerifier, type VerifierOptions } from "./verifier.ts";

/** What `auth.key_revoked` tells every node. */
export interface RevokedKey {
	keyId: string;
}

export interface ServiceKeyMethods {
	/**
	 * Who holds this service key, the text of `X-Api-Key`. `beforeAsking` runs unless the key was checked a moment ago. Throws
	 * `DomainError` UNAUTHORIZED; what `beforeAsking` throws; and what the call throws while auth is away.
	 */
	verifyServiceKey(text: string, beforeAsking: () => Promise<void>): Promise<ServiceCaller>;
}

/**
 * For services that let programs in (gateway). Asks `auth.verifyKey` with the hash of a key, and believes the answer for a few
 * seconds. The broadcast `auth.key_revoked` ends that at once; where it got lost, the key passes for `life` at most.
 */
export const serviceKeys = (options: Omit<VerifierOptions, "ask"> = {}): Partial<ServiceSchema> => {
	// One per service instance; a WeakMap keeps it off `this`, where a service could reach into it.
	const verifiers = new WeakMap<object, ServiceKeyVerifier>();
	const verifierOf = (service: object): ServiceKeyVerifier => {
		const verifier = verifiers.get(service);
		if (!verifier) throw new Error("serviceKeys(): the service was not created yet");
		return verifier;
	};
	return {
		created(this: Service) {
			const ask = (claim: ServiceKeyClaim) =>
				this.broker
					.call<ServiceCaller | null, ServiceKeyClaim>("auth.verifyKey", claim)
					.then((caller) => caller && Object.freeze(caller));
			verifiers.set(this, new ServiceKeyVerifier({ ...options, ask }));
		},
		events: {
			"auth.key_revoked": {
				handler(this: Service, ctx: Context<RevokedKey>): void {
					verifierOf(this).revoke(ctx.params.keyId);
				},
			},
		},
		methods: {
			verifyServiceKey(this: Service, text: string, beforeAsking: () => Promise<void>): Promise<ServiceCaller> {
				return verifierOf(this).verify(text, beforeAsking);
			},
		},
	};
};
