import Type, { type Static } from "typebox";
import { auditRoutes } from "./audit.ts";
import { Id, IdParams, listQuery, Page, Time } from "./common.ts";
import type { Route } from "./route.ts";
import { serviceKeyRoutes } from "./service-keys.ts";

const Email = Type.String({ format: "email", maxLength: 254 });
const Name = Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" });
/** Only the upper bound is a matter of shape: too short and too common are said by the service, by name (ASVS 5.0 §6.2). */
const Password = Type.String({ minLength: 1, maxLength: 1024 });
/** As a mail carries it. */
const LinkToken = Type.String({ minLength: 1, maxLength: 256 });
const RoleName = Type.Union([Type.Literal("buyer"), Type.Literal("seller"), Type.Literal("admin")]);

export const Me = Type.Object(
	{ id: Id, email: Type.String(), name: Type.String(), roles: Type.Array(RoleName), emailVerified: Type.Boolean() },
	{ $id: "Me" },
);
export type Me = Static<typeof Me>;

const Registered = Type.Object(
	{ id: Id, email: Type.String(), name: Type.String(), roles: Type.Array(RoleName) },
	{ $id: "Registered" },
);
export const Person = Type.Object({ id: Id, name: Type.String() }, { $id: "Person" });

const tokens = {
	accessToken: Type.String(),
	refreshToken: Type.String(),
	expiresIn: Type.Integer({ description: "Seconds that the access token is valid" }),
};
export const Tokens = Type.Object(tokens, { $id: "Tokens" });
export const LoggedIn = Type.Object(
	{ status: Type.Literal("success"), data: Type.Object({ token: Type.String() }), ...tokens, user: Me },
	{ $id: "LoggedIn", description: "`data.token` is the access token, where older clients look for it" },
);
const Session = Type.Object(
	{ id: Id, agent: Type.String(), address: Type.String(), createdAt: Time, lastSeenAt: Time, current: Type.Boolean() },
	{ $id: "Session" },
);
const Jwks = Type.Object(
	{ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) },
	{ $id: "Jwks", description: "RFC 7517" },
);

export const AdminUser = Type.Object(
	{
		id: Id,
		email: Type.String(),
		name: Type.String(),
		roles: Type.Array(RoleName),
		emailVerified: Type.Boolean(),
		suspended: Type.Boolean(),
		createdAt: Time,
		version: Type.Integer(),
	},
	{ $id: "AdminUser" },
);

const tag = "auth";
export const authRoutes: readonly Route[] = [
	{
		method: "POST",
		path: "/v1/auth/register",
		action: "auth.register",
		summary: "Make an account",
		tag,
		auth: "public",
		body: Type.Object({
			email: Email,
			password: Password,
			name: Name,
			role: Type.Optional(Type.Union([Type.Literal("buyer"), Type.Literal("seller")], { default: "buyer" })),
		}),
		status: 201,
		answer: Registered,
		location: "/v1/users/{id}",
		idempotent: true,
		limit: "login",
		errors: ["EMAIL_TAKEN"],
	},
	{
		method: "POST",
		path: "/v1/auth/login",
		action: "auth.login",
		summary: "Log in",
		tag,
		auth: "public",
		body: Type.Object({ email: Type.String({ minLength: 1, maxLength: 254 }), password: Password }),
		status: 200,
		answer: LoggedIn,
		limit: "login",
		errors: ["BAD_CREDENTIALS"],
	},
	{
		method: "POST",
		path: "/v1/auth/refresh",
		action: "auth.refresh",
		summary: "Trade a refresh token for new tokens",
		tag,
		auth: "public",
		body: Type.Object({ refreshToken: Type.String({ minLength: 1, maxLength: 512 }) }),
		status: 200,
		answer: Tokens,
		errors: ["UNAUTHORIZED"],
	},
	{
		method: "POST",
		path: "/v1/auth/logout",
		action: "auth.logout",
		summary: "End this session",
		tag,
		auth: "user",
		body: Type.Optional(Type.Object({ refreshToken: Type.Optional(Type.String({ maxLength: 512 })) })),
		status: 204,
		answer: null,
	},
	{ method: "GET", path: "/v1/auth/me", action: "auth.me", summary: "Who am I", tag, auth: "user", status: 200, answer: Me },
	{
		method: "PATCH",
		path: "/v1/auth/me",
		action: "auth.updateMe",
		summary: "Change my name",
		tag,
		auth: "user",
		body: Type.Object({ name: Type.Optional(Name) }),
		status: 200,
		answer: Me,
	},
	{
		method: "DELETE",
		path: "/v1/auth/me",
		action: "auth.deleteMe",
		summary: "Delete my account",
		description: "The last active admin cannot (TRANSITION_REFUSED).",
		tag,
		auth: "user",
		status: 204,
		answer: null,
		errors: ["TRANSITION_REFUSED"],
	},
	{
		method: "PUT",
		path: "/v1/auth/password",
		action: "auth.changePassword",
		summary: "Change my password; ends all other sessions",
		tag,
		auth: "user",
		body: Type.Object({ current: Password, next: Password }),
		status: 204,
		answer: null,
		limit: "login",
		errors: ["BAD_CREDENTIALS"],
	},
	{
		method: "POST",
		path: "/v1/auth/password-reset",
		action: "auth.requestPasswordReset",
		summary: "Ask for a link to set a new password",
		description:
			"Always the same answer, whether the address is known or not. The mail comes once however often it is asked for within a minute, and " +
			"its link works once and for an hour.",
		tag,
		auth: "public",
		body: Type.Object({ email: Email }),
		status: 202,
		answer: null,
		limit: "login",
	},
	{
		method: "POST",
		path: "/v1/auth/password-reset/confirm",
		action: "auth.confirmPasswordReset",
		summary: "Set a new password with the token of such a link",
		description: "Ends all sessions; log in with the new password. UNAUTHORIZED: the token is wrong, was used, or is too old.",
		tag,
		auth: "public",
		body: Type.Object({ token: LinkToken, password: Password }),
		status: 204,
		answer: null,
		idempotent: true,
		limit: "login",
		errors: ["UNAUTHORIZED"],
	},
	{
		method: "POST",
		path: "/v1/auth/verify-email",
		action: "auth.verifyEmail",
		summary: "Verify an address with the token that was mailed there",
		description: "A second time changes nothing. UNAUTHORIZED: the token is wrong or too old.",
		tag,
		auth: "public",
		body: Type.Object({ token: LinkToken }),
		status: 204,
		answer: null,
		limit: "login",
		errors: ["UNAUTHORIZED"],
	},
	{
		method: "POST",
		path: "/v1/auth/verify-email/request",
		action: "auth.requestVerification",
		summary: "Have the mail that verifies my address sent again",
		description: "One a minute and three a day (RATE_LIMITED). Nothing is sent to an address that is verified.",
		tag,
		auth: "user",
		status: 202,
		answer: null,
		limit: "login",
	},
	{
		method: "GET",
		path: "/v1/auth/sessions",
		action: "auth.sessions",
		summary: "My sessions",
		tag,
		auth: "user",
		status: 200,
		answer: Type.Object({ items: Type.Array(Session) }),
	},
	{
		method: "DELETE",
		path: "/v1/auth/sessions/:id",
		action: "auth.endSession",
		summary: "End one of my sessions",
		tag,
		auth: "user",
		params: IdParams,
		status: 204,
		answer: null,
		errors: ["NOT_FOUND"],
	},
	{
		method: "GET",
		path: "/.well-known/jwks.json",
		action: "auth.jwks",
		summary: "Public keys of the access tokens",
		tag,
		auth: "public",
		status: 200,
		answer: Jwks,
	},
	{
		method: "GET",
		path: "/v1/users/:id",
		action: "auth.getUser",
		summary: "A person",
		tag: "users",
		auth: "user",
		params: IdParams,
		status: 200,
		answer: Person,
		errors: ["NOT_FOUND"],
	},
	{
		method: "GET",
		path: "/v1/users",
		action: "auth.findUsers",
		summary: "People whose name begins with q",
		tag: "users",
		auth: "user",
		query: Type.Object({ q: Type.Optional(Type.String({ maxLength: 100 })), ...listQuery }),
		status: 200,
		answer: Page(Person),
	},
	{
		method: "GET",
		path: "/v1/admin/users",
		action: "auth.listUsers",
		summary: "All users",
		tag: "admin",
		auth: ["admin"],
		query: Type.Object({ q: Type.Optional(Type.String({ maxLength: 100 })), ...listQuery }),
		status: 200,
		answer: Page(AdminUser),
	},
	{
		method: "PATCH",
		path: "/v1/admin/users/:id",
		action: "auth.updateUser",
		summary: "Change roles, suspend",
		description:
			"A suspension, and a role that is taken away, ends all sessions. The last active admin stays one (TRANSITION_REFUSED).",
		tag: "admin",
		auth: ["admin"],
		params: IdParams,
		body: Type.Object({
			roles: Type.Optional(Type.Array(RoleName, { uniqueItems: true })),
			suspended: Type.Optional(Type.Boolean()),
		}),
		status: 200,
		answer: AdminUser,
		entity: true,
		errors: ["NOT_FOUND", "TRANSITION_REFUSED"],
	},
	{
		method: "DELETE",
		path: "/v1/admin/users/:id",
		action: "auth.eraseUser",
		summary: "Delete somebody's account",
		description:
			"They are out at once, and what they said and who they were is gone from everywhere within a day. A second time changes nothing. The last active admin stays one (TRANSITION_REFUSED).",
		tag: "admin",
		auth: ["admin"],
		params: IdParams,
		status: 202,
		answer: null,
		errors: ["NOT_FOUND", "TRANSITION_REFUSED"],
	},
	...serviceKeyRoutes,
	...auditRoutes,
];
