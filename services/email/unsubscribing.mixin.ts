import { randomBytes } from "node:crypto";
import type { Context, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { unsubscribeRoutes } from "../../contracts/http/unsubscribe.ts";
import { routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { EmailService } from "./email-base.ts";
import { canBeTurnedOff, kindNames } from "./kinds.ts";
import type { Mail } from "./mail.ts";
import { donePage, questionPage } from "./unsubscribe-page.ts";
import { readUnsubscribeToken, type Unsubscription, unsubscribeToken } from "./unsubscribe-token.ts";

// One click, and no more mails of that kind: RFC 8058. The link is all that is needed, so it can do nothing else.

const routeAction = routeActions<EmailService>("email", unsubscribeRoutes);

/** The first node that needs it makes it; all others find it. */
const findSecret = async ({ store }: EmailService): Promise<Buffer> => {
	const made = { _id: "unsubscribe", secret: randomBytes(32).toString("base64url") };
	const { document } = await store.mail_secrets.create(made);
	return Buffer.from(document.secret, "base64url");
};

const secretOf = async (service: EmailService): Promise<Buffer> => {
	service.unsubscribeSecret ??= findSecret(service);
	try {
		return await service.unsubscribeSecret;
	} catch (error) {
		service.unsubscribeSecret = undefined; // the next one asks again
		throw error;
	}
};

/** Where mails of this kind are turned off; undefined where they cannot be. */
export const unsubscribeLink = async (service: EmailService, { userId, kind }: Mail): Promise<string | undefined> => {
	if (!canBeTurnedOff(kind)) return undefined;
	const token = unsubscribeToken(await secretOf(service), { userId, kind });
	return `${service.profile.publicUrl}/v1/email/unsubscribe?token=${encodeURIComponent(token)}`;
};

/** For a mail's header: mail clients show a button of their own. */
export const unsubscribeHeaders = (link: string | undefined): Record<string, string> =>
	link === undefined ? {} : { "List-Unsubscribe": `<${link}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" };

const claimOf = async (service: EmailService, token: string): Promise<Unsubscription> => {
	const claim = readUnsubscribeToken(await secretOf(service), token);
	if (claim) return claim;
	const detail = "This link is not one of ours, or a part of it is missing: copy the whole of it from the mail";
	throw new DomainError("VALIDATION", detail, { errors: [{ pointer: "/token", detail: "is not valid" }] });
};

type TokenContext = Context<{ token: string }, CallMeta>;

/** Changes nothing: mail clients and scanners open links by themselves. */
async function showUnsubscribe(this: EmailService, ctx: TokenContext): Promise<string> {
	const { token } = ctx.params;
	const { kind } = await claimOf(this, token);
	return questionPage(kindNames[kind], token);
}

/** As often as it comes. */
async function unsubscribe(this: EmailService, ctx: TokenContext): Promise<string> {
	const claim = await claimOf(this, ctx.params.token);
	await ctx.call("notification.turnOff", claim);
	return donePage(kindNames[claim.kind]);
}

export const unsubscribing: Partial<ServiceSchema> = {
	actions: {
		showUnsubscribe: routeAction("showUnsubscribe", showUnsubscribe),
		unsubscribe: routeAction("unsubscribe", unsubscribe),
	},
};
