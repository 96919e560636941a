import { randomBytes } from "node:crypto";
import type { ServiceCaller } from "../../contracts/call.ts";
import { newId } from "../../contracts/ids.ts";
import { digestOf, formatServiceKey } from "../../mixins/service-key/index.ts";
import type { FakeAuth } from "./fake-auth.ts";

/** A key that no auth made: right in form alone. */
export const madeUpKey = (id = newId()): string => formatServiceKey(id, randomBytes(32));

export interface Program {
	/** For `X-Api-Key`. */
	key: string;
	caller: ServiceCaller;
}

/** A program that the fake auth knows. */
export const program = (auth: FakeAuth, scopes: readonly string[] = ["intake"]): Program => {
	const keyId = newId();
	const key = madeUpKey(keyId);
	// Tests also need a scope that no route of theirs names.
	const caller = { keyId, name: "Importer", scopes: scopes as ServiceCaller["scopes"] };
	auth.programs.set(digestOf(key), caller);
	return { key, caller };
};
