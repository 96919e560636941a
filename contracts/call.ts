// What travels with every call in `ctx.meta`. The bus is trusted: only the gateway fills these in from outside.

export const roles = ["buyer", "seller", "admin"] as const;
export type Role = (typeof roles)[number];

/** Who calls. `id` is the only source of a user id; bodies and paths never are. */
export interface Caller {
	id: string;
	roles: readonly Role[];
	/** The session (family of refresh tokens) that the access token came from. */
	sessionId: string;
}

/** What a service key can be good for; a route names those of which one admits a program. */
export const scopes = ["intake"] as const;
export type Scope = (typeof scopes)[number];

/** A program that calls, by its service key. It is nobody's user: what belongs to people is not its to see. */
export interface ServiceCaller {
	keyId: string;
	/** What the admin who made the key calls it: for logs and histories, not for decisions. */
	name: string;
	scopes: readonly Scope[];
}

/** Fixed by the gateway before the first call, derived from the Idempotency-Key if there is one, else random. */
export interface RequestKey {
	/** Unique per user or service key, route and Idempotency-Key; ids of what the request makes are `deriveId(kind, key)`. */
	key: string;
	/** `bodyHash` of the body as the client sent it, without passwords. */
	hash: string;
	/** True if the client sent an Idempotency-Key: only then can the same key come with another body. */
	named: boolean;
}

export interface CallMeta {
	/** A person. At most one of `user` and `service` is there; neither on public routes. */
	user?: Caller;
	/** A program. Only routes with `scopes` let one in. */
	service?: ServiceCaller;
	/** An operator at the prompt of a node, which alone sets it. `user.id` is then that of nobody's account (contracts/audit.ts). */
	via?: "repl";
	request?: RequestKey;
	/** Versions of If-Match, or "*"; a service that changes an entity compares them and refuses with VERSION_CONFLICT. */
	ifMatch?: readonly number[] | "*";
	/** The client: address and user agent, for sessions and throttling. */
	client?: { address: string; agent: string };
	/** Set by a service that answers from what an earlier request with the same key did: becomes Idempotency-Replayed. */
	replayed?: boolean;
	/** HIT or MISS, set by a service that answered through a cache: becomes X-Cache. */
	cache?: "HIT" | "MISS";
	/** Set by a service whose answer is JSON as text, to be sent as it is. */
	verbatim?: true;
	/** The version of the entity in such an answer: becomes its ETag. */
	version?: number;
	/** A status other than the route's own, e.g. 200 instead of 201 for what was there already. */
	status?: number;
}

/**
 * Headers of a call whose caller sends the answer on as it is: an action that has it as JSON text may answer that, with `verbatim`. Unlike
 * `meta` they reach only the action that is called, not those that it calls.
 */
export const asText: Readonly<Record<string, string>> = { accept: "text" };

export const takesText = (ctx: { headers: Readonly<Record<string, unknown>> }): boolean => ctx.headers.accept === "text";
