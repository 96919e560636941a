import type { Context, ServiceSchema } from "moleculer";
import type { Caller, CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { Me } from "../../contracts/http/auth.ts";
import { callerOf, causeOf } from "../../mixins/call-meta/call-meta.ts";
import { mutate } from "../../mixins/store/versioned.ts";
import { type AuthService, attempt, ownAccount, record, routeAction, stillActive, userChanged } from "./auth-base.ts";
import { deleteAccount } from "./erasing.adapter.ts";
import { requireGoodPassword } from "./password-rules.ts";
import { cleanName, emailKeyOf, passwordChange, searchKeyOf, toMe, type User } from "./user.ts";

// One's own account.

async function me(this: AuthService, ctx: Context<unknown, CallMeta>): Promise<Me> {
	return toMe(await ownAccount(this, callerOf(ctx)));
}

async function updateMe(this: AuthService, ctx: Context<{ name?: string }, CallMeta>): Promise<Me> {
	const { id } = callerOf(ctx);
	const name = ctx.params.name === undefined ? undefined : cleanName(ctx.params.name);
	const decide = (user: User) =>
		name === undefined || name === stillActive(user).name ? null : { set: { name, searchKey: searchKeyOf(name, id) } };
	const result = await mutate(this.store.users, id, decide, causeOf(ctx));
	if (!result) throw new DomainError("UNAUTHORIZED");
	if (result.changed) await userChanged(this, id);
	return toMe(stillActive(result.entity));
}

async function deleteMe(this: AuthService, ctx: Context<unknown, CallMeta>): Promise<void> {
	const { id } = callerOf(ctx);
	const changed = await deleteAccount(this, await ownAccount(this, callerOf(ctx)), causeOf(ctx));
	if (changed) record(this, ctx, `user ${id} deleted the account`);
}

/** The password was right for this hash; should the hash have changed since, so may the password have. */
const withHash = (verified: string, next: string, kept: string) => (user: User) => {
	if (stillActive(user).passwordHash !== verified) throw new DomainError("BAD_CREDENTIALS");
	return passwordChange(next, user, { kept });
};

const requireCurrent = async (
	auth: AuthService,
	user: User,
	password: string,
	ctx: Context<unknown, CallMeta>,
): Promise<void> => {
	// A stolen access token must not be a place to guess the password from.
	const forgive = await attempt(auth, emailKeyOf(user.email), ctx, "a new password");
	if (!(await auth.hasher.verify(user.passwordHash, password))) {
		record(auth, ctx, `a new password was refused: a wrong password of user ${user._id}`);
		throw new DomainError("BAD_CREDENTIALS");
	}
	await forgive();
};

const change = async (
	auth: AuthService,
	caller: Caller,
	user: User,
	next: string,
	ctx: Context<unknown, CallMeta>,
): Promise<void> => {
	const passwordHash = await auth.hasher.hash(next);
	const decide = withHash(user.passwordHash, passwordHash, caller.sessionId);
	const result = await mutate(auth.store.users, user._id, decide, causeOf(ctx));
	if (!result) return;
	record(auth, ctx, `user ${user._id} changed the password`);
	await auth.keeper.endVoid(result.entity);
};

async function changePassword(this: AuthService, ctx: Context<{ current: string; next: string }, CallMeta>): Promise<void> {
	const caller = callerOf(ctx);
	const { current, next } = ctx.params;
	const user = await ownAccount(this, caller);
	await requireCurrent(this, user, current, ctx);
	requireGoodPassword(next, user, "/next");
	await change(this, caller, user, next, ctx);
}

export const ownAccounts: Partial<ServiceSchema> = {
	actions: {
		me: routeAction("me", me),
		updateMe: routeAction("updateMe", updateMe),
		deleteMe: routeAction("deleteMe", deleteMe),
		changePassword: routeAction("changePassword", changePassword),
	},
};
