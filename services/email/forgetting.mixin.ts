import type { Context, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import { causeOf } from "../../mixins/call-meta/call-meta.ts";
import { mutate } from "../../mixins/store/versioned.ts";
import { mailWindowsOf } from "./chat-window.ts";
import type { EmailService } from "./email-base.ts";
import { decideForget } from "./moves.ts";

// What is not kept: what mails of a deleted account said, and mails that ended long ago.

const pageSize = 100;

/** A second run empties what is empty. What is queued for them later finds nobody with that account. */
async function forgetUser(this: EmailService, { params: event }: Context<DomainEvent<"user.deleted">>): Promise<void> {
	const cause = causeOf({ requestID: event.requestid });
	const { userId } = event.data;
	await this.store.mail_windows.remove({ _id: mailWindowsOf(userId) });
	await this.store.mail_digest_items.remove({ userId });
	for (let after = ""; ; ) {
		const page = await this.store.mails.find({
			where: { userId, listKey: { $gt: after } },
			sort: [["listKey", 1]],
			limit: pageSize,
		});
		for (const { _id } of page) await mutate(this.store.mails, _id, (mail) => decideForget(mail, clock.now()), cause);
		if (page.length < pageSize) return;
		after = page.at(-1)?.listKey ?? "";
	}
}

const every = 10 * 60_000;

const removeOld = async ({ store, logger }: EmailService): Promise<void> => {
	try {
		const old = { removeAt: { $lte: clock.now() } };
		await store.mails.remove(old);
		await store.mail_digest_items.remove(old);
		await store.mail_digests.remove(old);
	} catch (error) {
		logger.warn("Old mails could not be removed, the next round comes:", error);
	}
};

const durable = { group: "email" };

export const forgetting = {
	events: { "user.deleted": { durable, handler: forgetUser } },
	async started(this: EmailService) {
		this.cleaning = setInterval(() => void removeOld(this), every);
	},
	async stopped(this: EmailService) {
		clearInterval(this.cleaning);
	},
} as unknown as Partial<ServiceSchema>; // the cast is for `this`: a mixin cannot tell Moleculer's types which service it will be part of
