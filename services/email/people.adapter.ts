import type { ServiceBroker } from "moleculer";
import type { MailPreferences } from "./sendable.ts";

// What other services know of those who get mails, asked for when a mail is sent.

export interface Contact {
	id: string;
	name: string;
	email: string;
	emailVerified: boolean;
}

/** Null: nobody active has this account. */
export const contactOf = async ({ broker }: { broker: ServiceBroker }, userId: string): Promise<Contact | null> => {
	const [contact] = await broker.call<Contact[], object>("auth.contactsOf", { ids: [userId] });
	return contact ?? null;
};

interface OwnPreferences extends MailPreferences {
	userId: string;
}

const allOn: MailPreferences = { kinds: {}, quietHours: null, digest: "off" };

export const preferencesOf = async ({ broker }: { broker: ServiceBroker }, userId: string): Promise<MailPreferences> => {
	const { items } = await broker.call<{ items: OwnPreferences[] }, object>("notification.preferencesOf", { userIds: [userId] });
	return items.find((item) => item.userId === userId) ?? allOn;
};
