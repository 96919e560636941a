import type { Context, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import { causeOf } from "../../mixins/call-meta/call-meta.ts";
import { createEntity } from "../../mixins/store/versioned.ts";
import { currentOrigin } from "../../mixins/tracing/scope.ts";
import type { EmailService } from "./email-base.ts";
import { type Mail, newMail } from "./mail.ts";
import { mailedEvents, mailsOf } from "./mails-of.ts";

// What happened becomes mails that wait to be sent. An event that comes again finds its mails there.

async function queue(this: EmailService, { params: event }: Context<DomainEvent>): Promise<void> {
	const cause = causeOf({ requestID: event.requestid });
	for (const draft of mailsOf(event)) {
		await createEntity<Mail>(this.store.mails, newMail(draft, event.id, clock.now(), currentOrigin()), [], cause);
	}
	this.sending?.wake();
}

/** Messages have their own way: chat-mails.mixin.ts. */
const told = mailedEvents.filter((type) => type !== "chat.message_posted");

const durable = { group: "email" };

export const queueing = {
	events: Object.fromEntries(told.map((type) => [type, { durable, handler: queue }])),
} as unknown as Partial<ServiceSchema>; // the cast is for `this`: a mixin cannot tell Moleculer's types which service it will be part of
