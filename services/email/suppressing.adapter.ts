import { clock } from "../../config/clock.ts";
import { deriveId } from "../../contracts/ids.ts";
import { mailboxOf } from "./address.ts";
import type { EmailService } from "./email-base.ts";
import type { Mail } from "./mail.ts";
import type { Contact } from "./people.adapter.ts";

// Addresses of which a server said that there is nobody: nothing more is sent there. Whoever goes on all the same is soon taken for a
// sender of spam, and then the mails of everybody else suffer.

export const suppressionId = (address: string): string => deriveId("suppressed", mailboxOf(address));

/** `reason`: without the address in it, which stays nowhere. A second run finds it done. */
export const suppress = async (
	{ store }: EmailService,
	mail: Pick<Mail, "_id" | "userId">,
	address: string,
	reason: string,
): Promise<void> => {
	const at = new Date(clock.now()).toISOString();
	await store.mail_suppressions.create({ _id: suppressionId(address), reason, at, mailId: mail._id, userId: mail.userId });
};

/** The address gets another chance. */
export const forgive = async ({ store }: EmailService, contact: Pick<Contact, "email"> | null): Promise<void> => {
	if (contact) await store.mail_suppressions.remove({ _id: suppressionId(contact.email) });
};
