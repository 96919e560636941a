import type { Context, ServiceSchema } from "moleculer";
import Type, { type Static } from "typebox";
import { clock } from "../../config/clock.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { Id } from "../../contracts/http/common.ts";
import { newId } from "../../contracts/ids.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { callerOf, causeOf } from "../../mixins/call-meta/call-meta.ts";
import { mutate } from "../../mixins/store/versioned.ts";
import { type AuthService, internalAction, routeAction, stillActive } from "./auth-base.ts";
import { nextAllowedAt, openRequest, verificationLife } from "./link-request.ts";
import { claimOf, type Link, linkFor, linkRefused } from "./links.adapter.ts";
import { isActive, type User, verificationRequested, verificationsOf, verified } from "./user.ts";

// That an address is its owner's: whoever opens a link that was mailed there has shown it. It only marks the account.

const purpose = "email verification";

/** A second time changes nothing, however late: a link that was used verifies what is verified. */
async function verifyEmail(this: AuthService, ctx: Context<{ token: string }, CallMeta>): Promise<void> {
	const { userId, requestId } = await claimOf(this, purpose, ctx.params.token);
	const decide = (user: User) => {
		if (!isActive(user)) throw linkRefused();
		if (user.emailVerified) return null;
		if (!openRequest(verificationsOf(user), requestId, verificationLife, clock.now())) throw linkRefused();
		return verified;
	};
	const result = await mutate(this.store.users, userId, decide, causeOf(ctx));
	if (!result) throw linkRefused();
}

const tooSoon = (user: User, now: number): DomainError => {
	const wait = (nextAllowedAt(verificationsOf(user), verificationLife) - now) / 1_000;
	return new DomainError("RATE_LIMITED", "The mail was sent already", { retryAfter: Math.max(1, Math.ceil(wait)) });
};

async function requestVerification(this: AuthService, ctx: Context<unknown, CallMeta>): Promise<void> {
	const { id } = callerOf(ctx);
	const request = { id: newId(), at: clock.now() };
	const decide = (user: User) => {
		if (stillActive(user).emailVerified) return null;
		const change = verificationRequested(user, request);
		if (!change) throw tooSoon(user, request.at);
		return change;
	};
	const result = await mutate(this.store.users, id, decide, causeOf(ctx));
	if (!result) throw new DomainError("UNAUTHORIZED");
}

const Whose = Type.Object({ userId: Id });

/** For whoever sends the mail: the newest link, the same until another is asked for; null when there is nothing (left) to verify. */
async function verificationToken(this: AuthService, ctx: Context<Static<typeof Whose>, CallMeta>): Promise<Link | null> {
	const { userId } = ctx.params;
	const user = await this.store.users.findById(userId);
	if (!user || !isActive(user) || user.emailVerified) return null;
	const newest = verificationsOf(user).at(-1);
	const request = newest && openRequest([newest], newest.id, verificationLife, clock.now());
	return request ? linkFor(this, purpose, userId, request, verificationLife) : null;
}

export const verification: Partial<ServiceSchema> = {
	actions: {
		verifyEmail: routeAction("verifyEmail", verifyEmail),
		requestVerification: routeAction("requestVerification", requestVerification),
		verificationToken: internalAction(verificationToken, { params: typed(Whose), cache: false }),
	},
};
