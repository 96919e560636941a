import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { MailView } from "../../contracts/http/mails.ts";
import { adminOf, causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { mutate } from "../../mixins/store/versioned.ts";
import { type EmailService, routeAction } from "./email-base.ts";
import type { Mail, MailStatus } from "./mail.ts";
import { mailView, viewAfterRetry } from "./mail-view.ts";
import { decideRetry } from "./moves.ts";
import { type Contact, contactOf, contactsOf } from "./people.adapter.ts";
import { forgive } from "./suppressing.adapter.ts";
import { hiddenToken, realToken, wordingOf } from "./wording.adapter.ts";

// Mails as operators see them, and what they can do about them.

interface ListParams {
	status?: MailStatus;
	userId?: string;
	limit?: number;
	cursor?: string;
}

const Position = Type.Object({ after: Type.String(), of: Type.Literal("mails") });

/** Where everything runs in one process, whoever develops with it sees what it says; elsewhere that is between us and the recipient. */
const bodyOf = async (service: EmailService, mail: Mail, contact: Contact | undefined): Promise<MailView["body"]> => {
	if (!contact) return undefined;
	// With a server there is a mailbox that the link was meant for. Files are all there is to see of a mail.
	const wording = await wordingOf(service, mail, contact, service.profile.smtpUrl === null ? realToken(service) : hiddenToken);
	return wording.kind === "words" ? wording.words : undefined;
};

const bodiesOf = async (service: EmailService, mails: readonly Mail[]): Promise<MailView["body"][]> => {
	const found = await contactsOf(service, [...new Set(mails.map(({ userId }) => userId))]);
	const contacts = new Map(found.map((contact) => [contact.id, contact]));
	return Promise.all(mails.map((mail) => bodyOf(service, mail, contacts.get(mail.userId))));
};

/** What became of the mails is what operators came for: they see it also while auth is away. */
const withBodies = async (service: EmailService, mails: readonly Mail[]): Promise<MailView[]> => {
	if (service.profile.kind !== "embedded" || mails.length === 0) return mails.map((mail) => mailView(mail));
	const bodies = await bodiesOf(service, mails).catch((error) => {
		service.logger.warn("Mails are shown without what they say:", error);
		return [];
	});
	return mails.map((mail, index) => mailView(mail, bodies[index]));
};

async function mails(this: EmailService, ctx: Context<ListParams, CallMeta>): Promise<PageOf<MailView>> {
	adminOf(ctx);
	const { status, userId, cursor, limit = defaultLimit } = ctx.params;
	const after = cursor === undefined ? { $exists: true } : { $lt: decodeCursor(cursor, Position).after };
	const rows = await this.store.mails.find({
		where: { ...(status && { status }), ...(userId !== undefined && { userId }), listKey: after },
		sort: [["listKey", -1]],
		limit: limit + 1,
	});
	const page = toPage(rows, limit, (mail) => mail, ({ listKey }) => ({ after: listKey, of: "mails" })); // biome-ignore format: one line
	return { ...page, items: await withBodies(this, page.items) };
}

/** First the address, then the mail: a second run does what is left. */
async function retryMail(this: EmailService, ctx: Context<{ id: string }, CallMeta>): Promise<MailView> {
	const { id: by } = adminOf(ctx);
	const request = requestOf(ctx);
	const cause = causeOf(ctx);
	const { id } = ctx.params;
	const found = await this.store.mails.findById(id);
	if (!found) throw new DomainError("NOT_FOUND");
	const decide = (mail: Mail) => decideRetry(mail, request, ctx.meta.ifMatch, clock.now());
	const wanted = decide(found);
	if (wanted && found.status === "suppressed") await forgive(this, await contactOf(this, found.userId));
	const result = await mutate(this.store.mails, id, decide, cause);
	if (!result) throw new DomainError("NOT_FOUND");
	if (result.changed) this.logger.info(`mail ${id} is sent again, asked for by ${by}`);
	else if (request.named) ctx.meta.replayed = true;
	this.sending?.wake();
	return viewAfterRetry(result.entity, request.key) ?? mailView(result.entity);
}

export const operating: Partial<ServiceSchema> = {
	actions: { mails: routeAction("mails", mails), retryMail: routeAction("retryMail", retryMail) },
};
