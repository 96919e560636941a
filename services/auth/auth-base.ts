import type { ActionHandler, ActionSchema, Context, Service } from "moleculer";
import type { Profile } from "../../config/profile-type.ts";
import type { Caller, CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { authRoutes } from "../../contracts/http/auth.ts";
import type { DurableEventsMembers } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import type { RetentionMembers } from "../../mixins/retention/retention.mixin.ts";
import { type Handler as RouteHandler, routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { CollectionSpec } from "../../mixins/store/port.ts";
import type { StoreMembers } from "../../mixins/store/store.mixin.ts";
import { outboxIndex } from "../../mixins/store/versioned.ts";
import { type AuditRow, auditRows } from "./audit.ts";
import { logNameOf } from "./log-name.ts";
import type { LoginThrottle } from "./login-throttle.adapter.ts";
import type { PasswordHasher } from "./password-hasher.adapter.ts";
import type { AskedReset, ResetDesk } from "./reset-desk.adapter.ts";
import type { ServiceKey } from "./service-key.ts";
import type { Client, Session } from "./session.ts";
import type { SessionKeeper } from "./session-keeper.adapter.ts";
import type { SigningKeys } from "./signing-keys.adapter.ts";
import { isActive, type User } from "./user.ts";

// What the parts of this service (the *.mixin.ts files beside it) share: its collections, its `this`, and who calls.

export interface AuthCollections {
	users: User;
	sessions: Session;
	service_keys: ServiceKey;
	asked_resets: AskedReset;
	leases: LeaseDocument;
	audit_log: AuditRow;
}

export const collections: { readonly [K in keyof AuthCollections]: CollectionSpec } = {
	users: {
		indexes: [
			// One account an address; those who are deleted have none.
			{ name: "email", fields: [["emailKey", 1]], unique: true, sparse: true },
			{ name: "search", fields: [["searchKey", 1]], sparse: true },
			{ name: "list", fields: [["listKey", -1]], sparse: true },
			{ name: "admin", fields: [["admin", 1]], sparse: true },
			{ name: "ending_sessions", fields: [["endingSessions", 1]], sparse: true },
			{ name: "erasure_due", fields: [["erasureDue", 1]], sparse: true },
			{ name: "erasure_from", fields: [["erasureFrom", 1]], sparse: true },
			outboxIndex,
		],
	},
	sessions: {
		indexes: [
			{
				name: "user",
				fields: [
					["userId", 1],
					["createdAt", -1],
				],
			},
			{ name: "ended", fields: [["endedAt", 1]], sparse: true },
			{ name: "remove_at", fields: [["removeAt", 1]] },
		],
	},
	asked_resets: { indexes: [{ name: "at", fields: [["at", 1]] }] },
	leases: {},
	service_keys: { indexes: [{ name: "list", fields: [["listKey", -1]], sparse: true }] },
	audit_log: auditRows,
};

export type AuthProfile = Pick<
	Profile,
	"accessTokenTtl" | "admin" | "dataDir" | "jwtKeys" | "keyPrefix" | "rateLimits" | "redisUrl"
>;

export interface AuthVars {
	hasher: PasswordHasher;
	keys: SigningKeys;
	throttle: LoginThrottle;
	keeper: SessionKeeper;
	resetDesk: ResetDesk;
}

export type AuthService = Service & StoreMembers<AuthCollections> & DurableEventsMembers & RetentionMembers & AuthVars;

export type Handler<Params, Answer> = RouteHandler<AuthService, Params, Answer>;

/** The action of one route. */
export const routeAction = routeActions<AuthService>("auth", authRoutes);

export const internalAction = <Params, Answer>(
	handler: Handler<Params, Answer>,
	more: Partial<ActionSchema> = {},
): ActionSchema => ({
	visibility: "public",
	...more,
	handler: handler as unknown as ActionHandler,
});

/** The gateway looks at roles as well; what changes roles does not rely on it alone. */
export const clientOf = ({ meta }: Context<unknown, CallMeta>): Client => meta.client ?? { address: "", agent: "" };

/** Throws UNAUTHORIZED. An access token may outlive its account by minutes. */
export const stillActive = (user: User | null): User => {
	if (!user || !isActive(user)) throw new DomainError("UNAUTHORIZED", "This account is no longer active");
	return user;
};

/**
 * What an operator asks for after an incident: who got in or did not, from where, and what was changed (ASVS 5.0 §16.3.1). Ids and
 * network addresses; never an e-mail address, a password or a token.
 */
export const record = (auth: Service, ctx: Context<unknown, CallMeta>, what: string): void =>
	auth.logger.info(`${what}, from ${clientOf(ctx).address || "inside"}`);

/** What stands for an e-mail address in the log. */
export const logName = async ({ keys }: AuthVars, emailKey: string): Promise<string> => {
	const [secret] = await keys.refreshKeys();
	return secret ? logNameOf(emailKey, secret) : "#"; // parseKeySet lets no set without a key through
};

/** Counts a try of a password. Throws RATE_LIMITED, and leaves that in the log. Answers what to call when the password was right. */
export const attempt = async (
	auth: AuthService,
	emailKey: string,
	ctx: Context<unknown, CallMeta>,
	what: string,
): Promise<() => Promise<void>> => {
	try {
		return await auth.throttle.attempt(emailKey, clientOf(ctx).address);
	} catch (error) {
		if (error instanceof DomainError) record(auth, ctx, `${what} refused: too many tries, ${await logName(auth, emailKey)}`);
		throw error;
	}
};

/** The account of the caller. */
export const ownAccount = async (auth: AuthService, { id }: Caller): Promise<User> =>
	stillActive(await auth.store.users.findById(id));

/** After every change of what others may have cached about a person. */
export const userChanged = (auth: Service, id: string): Promise<void> => auth.broker.broadcast("auth.user_changed", { id });
