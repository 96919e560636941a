import type { Context, ServiceSchema } from "moleculer";
import Type, { type Static } from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { LoggedIn } from "../../contracts/http/auth.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import type { EndedSessionsAnswer } from "../../mixins/access-token/index.ts";
import { callerOf } from "../../mixins/call-meta/call-meta.ts";
import { type AuthService, attempt, clientOf, internalAction, logName, ownAccount, record, routeAction } from "./auth-base.ts";
import { type SessionView, toSessionView } from "./session.ts";
import type { TokenPair } from "./session-keeper.adapter.ts";
import { emailKeyOf, isActive, toMe, type User } from "./user.ts";

// Log-in, and what becomes of sessions. Sign-in errors say the same whatever was wrong, and take as long.

const badCredentials = (): DomainError => new DomainError("BAD_CREDENTIALS");

type LoginContext = Context<{ email: string; password: string }, CallMeta>;

/** The user whose password this is. A suspended one is told nothing that a stranger is not. */
const whose = async (auth: AuthService, emailKey: string, ctx: LoginContext): Promise<User> => {
	const { store, hasher } = auth;
	const { password } = ctx.params;
	const user = await store.users.findOne({ emailKey });
	const right = user ? await hasher.verify(user.passwordHash, password) : await hasher.verifyNobody(password);
	if (user && right && isActive(user)) return user;
	const why = !user
		? `an unknown e-mail address, ${await logName(auth, emailKey)}`
		: right
			? `suspended user ${user._id}`
			: `a wrong password of user ${user._id}`;
	record(auth, ctx, `log-in refused: ${why}`);
	throw badCredentials();
};

/** With a password at hand that is right: a hash with today's parameters, and an admin's first log-in shows that the password was seen. */
const tidy = async ({ store, hasher }: AuthService, user: User, password: string): Promise<void> => {
	const { _id, passwordHash, unannounced } = user;
	const unchanged = { _id, passwordHash };
	if (unannounced !== undefined) await store.users.update(unchanged, { $unset: { unannounced: true } });
	if (!hasher.isOutdated(passwordHash)) return;
	await store.users.update(unchanged, { $set: { passwordHash: await hasher.hash(password) } });
};

async function login(this: AuthService, ctx: LoginContext): Promise<Static<typeof LoggedIn>> {
	const client = clientOf(ctx);
	const emailKey = emailKeyOf(ctx.params.email);
	const forgive = await attempt(this, emailKey, ctx, "log-in");
	const user = await whose(this, emailKey, ctx);
	await forgive();
	const tokens = await this.keeper.begin(user, client);
	if (!tokens) throw badCredentials();
	record(this, ctx, `user ${user._id} logged in`);
	await tidy(this, user, ctx.params.password);
	return { status: "success", data: { token: tokens.accessToken }, ...tokens, user: toMe(user) };
}

function refresh(this: AuthService, ctx: Context<{ refreshToken: string }, CallMeta>): Promise<TokenPair> {
	return this.keeper.refresh(ctx.params.refreshToken, clientOf(ctx));
}

/** Ends the session of the access token; and that of the refresh token, should it be another one of the same person. */
async function logout(this: AuthService, ctx: Context<{ refreshToken?: string }, CallMeta>): Promise<void> {
	const { id, sessionId } = callerOf(ctx);
	const { refreshToken } = ctx.params;
	const found = await Promise.all([
		this.store.sessions.findById(sessionId),
		refreshToken === undefined ? null : this.keeper.ofToken(refreshToken),
	]);
	for (const session of found) if (session?.userId === id) await this.keeper.end(session);
	record(this, ctx, `user ${id} logged out`);
}

/** For the web client, whose log-out has to work when its access token is past its end. */
async function endByToken(this: AuthService, ctx: Context<{ refreshToken: string }, CallMeta>): Promise<void> {
	const session = await this.keeper.ofToken(ctx.params.refreshToken);
	if (session) await this.keeper.end(session);
}

async function list(this: AuthService, ctx: Context<unknown, CallMeta>): Promise<{ items: SessionView[] }> {
	const caller = callerOf(ctx);
	const sessions = await this.keeper.liveOnes(await ownAccount(this, caller));
	return { items: sessions.map((session) => toSessionView(session, caller.sessionId)) };
}

async function endSession(this: AuthService, ctx: Context<{ id: string }, CallMeta>): Promise<void> {
	const session = await this.keeper.liveOne(await ownAccount(this, callerOf(ctx)), ctx.params.id);
	if (!session) throw new DomainError("NOT_FOUND");
	await this.keeper.end(session);
	record(this, ctx, `user ${session.userId} ended session ${session._id}`);
}

const ByToken = Type.Object({ refreshToken: Type.String({ maxLength: 512 }) });

const Since = Type.Object({ since: Type.Optional(Type.Number()) });

/** For nodes that verify access tokens: what ended since, or all that still matters. */
function endedSessions(this: AuthService, ctx: Context<Static<typeof Since>, CallMeta>): Promise<EndedSessionsAnswer> {
	return this.keeper.endedSince(ctx.params.since ?? 0);
}

export const sessions: Partial<ServiceSchema> = {
	actions: {
		login: routeAction("login", login),
		refresh: routeAction("refresh", refresh),
		logout: routeAction("logout", logout),
		sessions: routeAction("sessions", list),
		endSession: routeAction("endSession", endSession),
		endByToken: internalAction(endByToken, { params: typed(ByToken) }),
		endedSessions: internalAction(endedSessions, { params: typed(Since), cache: false }),
	},
};
