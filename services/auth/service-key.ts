import { hkdfSync, timingSafeEqual } from "node:crypto";
import type { Scope, ServiceCaller } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { NewServiceKey, ServiceKeyView } from "../../contracts/http/service-keys.ts";
import { digestOf, formatServiceKey, type ServiceKeyClaim } from "../../mixins/service-key/index.ts";
import type { Document } from "../../mixins/store/port.ts";

// Keys that programs come in with. The database holds the hash alone; the text is made from the key's id and salt with a key of the
// servers', so that an answer that was lost can be given again, and whoever reads the database can make none.

export interface ServiceKey extends Document {
	name: string;
	scopes: Scope[];
	/** Id of the admin. */
	createdBy: string;
	/** ISO 8601, UTC. */
	createdAt: string;
	/** `<createdAt> <id>`: the order of the list. Absent when revoked. */
	listKey?: string;
	/** Random. It also tells who wrote the document when two requests with the same key did. */
	salt: string;
	/** Of the text (`digestOf`). Absent when revoked: nothing matches then. */
	digest?: string;
	/** Epoch ms; 0: never. */
	usedAt: number;
	/** Of the request that made it. */
	request: { key: string; hash: string };
	/** ISO 8601. The document stays, or a repeat of the request that made the key would make it anew. */
	revokedAt?: string;
}

/** Uses of a key are written down at most this often, in ms. */
export const useNotedEvery = 60_000;
/** How long a repeat of the request that made the key gets its text, in ms: as long as Idempotency-Keys are promised to live. */
const shownFor = 24 * 60 * 60_000;

/** HKDF (RFC 5869). `secret` is one of `SigningKeys.refreshKeys`; the label keeps what is made here apart from refresh tokens. */
const textOf = (secret: Uint8Array, id: string, salt: string): string =>
	formatServiceKey(id, Buffer.from(hkdfSync("sha256", secret, salt, `souk service key 1 ${id}`, 32)));

export interface NewKey {
	id: string;
	name: string;
	scopes: Scope[];
	createdBy: string;
	salt: string;
	/** Epoch ms. */
	now: number;
	request: { key: string; hash: string };
}

export const newServiceKey = ({ id, now, request, ...given }: NewKey, secret: Uint8Array): ServiceKey => {
	const createdAt = new Date(now).toISOString();
	return {
		_id: id,
		...given,
		createdAt,
		listKey: `${createdAt} ${id}`,
		digest: digestOf(textOf(secret, id, given.salt)),
		usedAt: 0,
		request: { key: request.key, hash: request.hash },
	};
};

/**
 * The key with its text, for the request that made it and its repeats within a day. Throws IDEMPOTENCY_KEY_REUSED for another request
 * with the same Idempotency-Key, and TRANSITION_REFUSED when there is nothing to show any more.
 */
export const shownOnce = (key: ServiceKey, hash: string, now: number, secrets: readonly Uint8Array[]): NewServiceKey => {
	const { _id: id, name, scopes, digest, salt, createdAt } = key;
	if (key.request.hash !== hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	if (digest === undefined) throw new DomainError("TRANSITION_REFUSED", "The key that this request made was revoked");
	const text = secrets.map((secret) => textOf(secret, id, salt)).find((candidate) => digestOf(candidate) === digest);
	if (text !== undefined && now - Date.parse(createdAt) < shownFor) return { id, name, scopes, secret: text };
	throw new DomainError("TRANSITION_REFUSED", "The key that this request made is not shown again: revoke it and make another");
};

const same = (one: string, other: string): boolean => {
	const [a, b] = [Buffer.from(one), Buffer.from(other)];
	return a.length === b.length && timingSafeEqual(a, b);
};

/** Who comes with this claim, or null. Takes as long for a wrong secret as for a right one. */
export const callerOf = ({ _id, name, scopes, digest }: ServiceKey, claim: ServiceKeyClaim): ServiceCaller | null =>
	digest !== undefined && same(digest, claim.digest) ? { keyId: _id, name, scopes } : null;

export const useIsDue = ({ usedAt }: ServiceKey, now: number): boolean => now - usedAt >= useNotedEvery;

export const toServiceKeyView = ({ _id, name, scopes, createdAt, createdBy, usedAt }: ServiceKey): ServiceKeyView => ({
	id: _id,
	name,
	scopes,
	createdAt,
	createdBy,
	lastUsedAt: usedAt === 0 ? null : new Date(usedAt).toISOString(),
});
