import { clock } from "../../config/clock.ts";
import { isAddress } from "./address.ts";
import { quotable, stillUnread } from "./audience.adapter.ts";
import type { Composer, Sender } from "./composing.adapter.ts";
import type { EmailService } from "./email-base.ts";
import type { Mail } from "./mail.ts";
import type { Outcome } from "./moves.ts";
import { allOn, type Contact } from "./people.adapter.ts";
import { sendableAt } from "./sendable.ts";
import type { SmtpOutcome } from "./smtp-outcome.ts";
import { suppress } from "./suppressing.adapter.ts";
import type { Transport } from "./transport.ts";
import { realToken, wordingOf } from "./wording.adapter.ts";

// One try: who gets it, whether they want it now, what it says, and off it goes.

export interface Post {
	transport: Transport;
	compose: Composer;
	sender: Sender;
}

const failed = (reason: string): Outcome => ({ kind: "failed", reason, attempted: false });

const suppressedBefore = async (service: EmailService, address: string): Promise<Outcome | null> => {
	const found = await service.lookUp.suppression(address);
	if (!found) return null;
	return { kind: "suppressed", reason: `the address takes no mail, since ${found.at}: ${found.reason}`, attempted: false };
};

const unwantedNow = async (service: EmailService, { kind, userId }: Mail): Promise<Outcome | null> => {
	if (kind === null) return null;
	const now = clock.now();
	const when = sendableAt(now, (await service.lookUp.preferences(userId)) ?? allOn, kind);
	if (when === null) return { kind: "dropped", reason: "mails of this kind are switched off" };
	return when > now ? { kind: "held", until: when, reason: "its recipient wants no mail right now" } : null;
};

const refusedFor = async (service: EmailService, mail: Mail, contact: Contact | undefined): Promise<Outcome | null> => {
	if (!contact) return { kind: "dropped", reason: "nobody active has this account" };
	if (!isAddress(contact.email)) return failed("the address is not one that mail can be sent to");
	return (await suppressedBefore(service, contact.email)) ?? (await unwantedNow(service, mail));
};

const withoutAddress = (reason: string, address: string): string => reason.replaceAll(address, "…");

const meaning = (outcome: SmtpOutcome): Outcome => {
	switch (outcome.kind) {
		case "sent":
		case "retry":
			return outcome;
		case "bad-address":
			return { ...outcome, kind: "suppressed", attempted: true };
		case "refused":
			return { ...outcome, kind: "failed", attempted: true };
	}
};

/** Throws what those that it asks throw: then it was no try. */
export const attemptMail = async (service: EmailService, post: Post, mail: Mail, signal: AbortSignal): Promise<Outcome> => {
	const contact = await service.lookUp.contact(mail.userId);
	const refused = await refusedFor(service, mail, contact);
	if (refused || !contact) return refused ?? failed("nobody to send it to");
	const said = await quotable(service, mail);
	if (!said) return { kind: "dropped", reason: "whoever wrote this has deleted the account" };
	const unread = await stillUnread(service, said);
	if (!unread) return { kind: "dropped", reason: "its recipient has read it meanwhile, or wants to hear nothing of it any more" };
	const wording = await wordingOf(service, unread, contact, realToken(service));
	if (wording.kind === "dropped") return wording;
	if (wording.kind === "failed") return failed(wording.reason);
	const to = { name: contact.name, address: contact.email };
	const bytes = await post.compose({ mail, to, rendered: wording.words, headers: wording.headers, at: new Date(clock.now()) });
	const { _id: id, createdAt } = mail;
	const outcome = await post.transport.send({ id, createdAt, from: post.sender.address, to: to.address, bytes }, signal);
	// Before the mail is: of two nodes that have mails for this address, the second need not find out again.
	if (outcome.kind === "bad-address") await suppress(service, mail, to.address, withoutAddress(outcome.reason, to.address));
	return meaning(outcome);
};
