import type { Context, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import { newEntity } from "../../mixins/store/versioned-many.ts";
import { currentOrigin } from "../../mixins/tracing/scope.ts";
import type { EmailService } from "./email-base.ts";
import { type Mail, newMail } from "./mail.ts";
import { mailedEvents, mailsOf } from "./mails-of.ts";

// What happened becomes mails that wait to be sent. An event that comes again finds its mails there.

async function queue(this: EmailService, { params: event }: Context<DomainEvent>): Promise<void> {
	const at = clock.now();
	const mails = mailsOf(event).map((draft) => newEntity<Mail>(newMail(draft, event.id, at, currentOrigin()), { at }));
	if (mails.length > 0) await this.queueMails(mails);
	this.sending?.wake();
}

/** Messages have their own way: chat-mails.mixin.ts. */
const told = mailedEvents.filter((type) => type !== "chat.message_posted");

const durable = { group: "email" };

export const queueing = {
	events: Object.fromEntries(told.map((type) => [type, { durable, handler: queue }])),
} as unknown as Partial<ServiceSchema>; // the cast is for `this`: a mixin cannot tell Moleculer's types which service it will be part of
