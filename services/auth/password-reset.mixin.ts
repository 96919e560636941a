import type { Context, ServiceSchema } from "moleculer";
import Type, { type Static } from "typebox";
import { clock } from "../../config/clock.ts";
import type { CallMeta, RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { Id } from "../../contracts/http/common.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import { mutate } from "../../mixins/store/versioned.ts";
import { type AuthService, internalAction, record, routeAction } from "./auth-base.ts";
import { openRequest, resetLife } from "./link-request.ts";
import type { LinkClaim } from "./link-token.ts";
import { claimOf, type Link, linkFor, linkRefused } from "./links.adapter.ts";
import { requireGoodPassword } from "./password-rules.ts";
import { emailKeyOf, isActive, passwordChange, type User } from "./user.ts";

// A new password for whoever has forgotten theirs: by a link in a mail to their address.

const purpose = "password reset";

function requestReset(this: AuthService, ctx: Context<{ email: string }, CallMeta>): Promise<void> {
	return this.resetDesk.take(emailKeyOf(ctx.params.email), causeOf(ctx));
}

const requestIn = ({ resets = [], ...user }: User, id: string) =>
	isActive(user) ? openRequest(resets, id, resetLife, clock.now()) : null;

const Requested = Type.Object({ userId: Id, requestId: Id });

/** For whoever sends the mail: the link of a request, the same each time; null when it works no longer. */
async function resetToken(this: AuthService, ctx: Context<Static<typeof Requested>, CallMeta>): Promise<Link | null> {
	const { userId, requestId } = ctx.params;
	const user = await this.store.users.findById(userId);
	const request = user && requestIn(user, requestId);
	return request && linkFor(this, purpose, userId, request, resetLife);
}

const isRepeat = ({ resetBy }: User, { key, named }: RequestKey): boolean => named && resetBy?.key === key;

/** The link is used up, so a repeat is known by its key; its hash leaves the password out. */
const replay = async ({ hasher }: AuthService, user: User, password: string, request: RequestKey, meta: CallMeta) => {
	const same = user.resetBy?.hash === request.hash && (await hasher.verify(user.passwordHash, password));
	if (!same) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	meta.replayed = true;
};

const requireOpen = (user: User | null, { requestId }: LinkClaim): User => {
	if (!user || !requestIn(user, requestId)) throw linkRefused();
	return user;
};

/** The password is looked at before the link is used up: whoever chose a bad one may choose another. */
async function confirmReset(this: AuthService, ctx: Context<{ token: string; password: string }, CallMeta>): Promise<void> {
	const { token, password } = ctx.params;
	const { users } = this.store;
	const request = requestOf(ctx);
	const claim = await claimOf(this, purpose, token);
	const known = await users.findById(claim.userId);
	if (known && isRepeat(known, request)) return replay(this, known, password, request, ctx.meta);
	if (!known || !requestIn(known, claim.requestId))
		record(this, ctx, `a link that works no longer was used for user ${claim.userId}`);
	requireGoodPassword(password, requireOpen(known, claim), "/password");
	const passwordHash = await this.hasher.hash(password);
	const resetBy = { key: request.key, hash: request.hash };
	const decide = (user: User) =>
		isRepeat(user, request) ? null : passwordChange(passwordHash, requireOpen(user, claim), { resetBy });
	const result = await mutate(users, claim.userId, decide, causeOf(ctx));
	if (!result) throw linkRefused();
	if (!result.changed) return replay(this, result.entity, password, request, ctx.meta);
	record(this, ctx, `user ${claim.userId} set a new password by a link`);
	await this.keeper.endVoid(result.entity);
}

export const passwordReset: Partial<ServiceSchema> = {
	actions: {
		requestPasswordReset: routeAction("requestPasswordReset", requestReset),
		confirmPasswordReset: routeAction("confirmPasswordReset", confirmReset),
		resetToken: internalAction(resetToken, { params: typed(Requested), cache: false }),
	},
};
