import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import type { Retain } from "../../config/profile-type.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import { Id } from "../../contracts/http/common.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { oldRequests } from "../../mixins/retention/requests.ts";
import { aged, type Rule } from "../../mixins/retention/rules.ts";
import type { Where } from "../../mixins/store/port.ts";
import { type Change, mutate } from "../../mixins/store/versioned.ts";
import { mailWindowsOf } from "./chat-window.ts";
import type { EmailService } from "./email-base.ts";
import { type Mail, mailIdOf } from "./mail.ts";
import { decideForget, decideUnquote } from "./moves.ts";

// What is not kept: mails to somebody who is gone and mails that quote them, and with time what ended long ago. Every step may be repeated.

const pageSize = 100;

/** The document and, where mails are files, the file: that it was sent is all that is left. */
const forgetMail = async (
	{ store, post }: EmailService,
	mail: Mail,
	decide: (mail: Mail, at: number) => Change | null,
): Promise<void> => {
	const at = clock.now();
	const done = await mutate(store.mails, mail._id, (current) => decide(current, at), { at }, mail);
	await post?.transport.forget?.({ id: mail._id, createdAt: done?.entity.createdAt ?? mail.createdAt });
};

const forgetMails = async (service: EmailService, where: Where): Promise<void> => {
	for (let after = ""; ; ) {
		const page = await service.store.mails.find({
			where: { ...where, _id: { $gt: after } },
			sort: [["_id", 1]],
			limit: pageSize,
		});
		for (const mail of page) await forgetMail(service, mail, decideForget);
		if (page.length < pageSize) return;
		after = page.at(-1)?._id ?? after;
	}
};

/**
 * First what digests are made of, then those that were: one that is being made meanwhile is found by the next run, since what says whose words there were
 * stays for as long as their mail may.
 */
const unquoteDigests = async (service: EmailService, senderId: string): Promise<void> => {
	const { mail_digest_items: items, mails } = service.store;
	const update = { $set: { gone: true, "item.content": "" }, $unset: { "item.senderName": true } } as const;
	for (let after = ""; ; ) {
		const where = { "item.senderId": senderId, _id: { $gt: after } };
		const page = await items.find({ where, sort: [["_id", 1]], limit: pageSize });
		await items.updateMany(page.map(({ _id }) => ({ where: { _id }, update })));
		const made = page.map(({ digestId, userId }) => mailIdOf(digestId, { userId, template: "chat-digest" }));
		const decide = (mail: Mail, at: number) => decideUnquote(mail, senderId, at);
		for (const mail of await mails.findByIds([...new Set(made)])) await forgetMail(service, mail, decide);
		if (page.length < pageSize) return;
		after = page.at(-1)?._id ?? after;
	}
};

/** What is queued for them later finds nobody with that account. */
export const forgetUser = async (service: EmailService, userId: string): Promise<void> => {
	const { mail_windows, mail_digest_items, mail_suppressions } = service.store;
	await mail_windows.remove({ _id: mailWindowsOf(userId) });
	await mail_digest_items.remove({ userId });
	await mail_suppressions.remove({ userId });
	await forgetMails(service, { userId });
	await forgetMails(service, { "data.senderId": userId });
	await unquoteDigests(service, userId);
};

const forgetFiles = async ({ post }: EmailService, mails: readonly Mail[]): Promise<void> => {
	for (const { _id: id, createdAt } of mails) await post?.transport.forget?.({ id, createdAt });
};

export const emailRetention = (service: EmailService, lives: Retain): Rule[] => {
	const { mails, mail_digest_items, mail_digests, mail_windows, mail_suppressions } = service.store;
	const life = lives.mails;
	return [
		aged({
			...{ name: "mails", what: "mails of long ago were removed", collection: mails, field: "removeAt", life },
			before: (found) => forgetFiles(service, found),
		}),
		aged({
			...{ name: "mail_digest_items", what: "messages that were gathered for mails were removed" },
			...{ collection: mail_digest_items, field: "removeAt", life },
		}),
		aged({
			...{ name: "mail_digests", what: "digests of long ago were removed", collection: mail_digests, field: "removeAt", life },
		}),
		aged({
			...{ name: "mail_windows", what: "conversations that were mailed about long ago were forgotten" },
			...{ collection: mail_windows, field: "lastAt", life: lives.windows },
		}),
		aged(
			{
				...{ name: "suppressions", what: "addresses that took no mail long ago get another chance" },
				...{ collection: mail_suppressions, field: "at", life: lives.suppressions },
			},
			true,
		),
		oldRequests("mail_requests", "mails forgot requests of long ago", mails, lives.requests),
	];
};

export const forgetting = {
	actions: {
		eraseUser: {
			visibility: "public",
			params: typed(Type.Object({ userId: Id })),
			handler(this: EmailService, { params: { userId } }: Context<{ userId: string }>) {
				return forgetUser(this, userId);
			},
		},
	},
	events: {
		"user.deleted": {
			durable: { group: "email" },
			handler(this: EmailService, { params: { data } }: Context<DomainEvent<"user.deleted">>) {
				return forgetUser(this, data.userId);
			},
		},
	},
} as unknown as Partial<ServiceSchema>; // the cast is for `this`: a mixin cannot tell Moleculer's types which service it will be part of
