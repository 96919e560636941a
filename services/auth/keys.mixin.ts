import type { ServiceSchema } from "moleculer";
import { type AuthService, internalAction, routeAction } from "./auth-base.ts";
import type { PublicJwk } from "./key-set.ts";

async function jwks(this: AuthService): Promise<{ keys: PublicJwk[] }> {
	return { keys: await this.keys.publicKeys() };
}

/** For operators, in the REPL: `call auth.rotateKeys`. */
async function rotateKeys(this: AuthService): Promise<{ kid: string }> {
	const kid = await this.keys.rotate();
	this.logger.info(`a new signing key was made: ${kid}`);
	return { kid };
}

export const keys: Partial<ServiceSchema> = {
	actions: { jwks: routeAction("jwks", jwks), rotateKeys: internalAction(rotateKeys) },
};
