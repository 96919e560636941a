import type { ServiceBroker } from "moleculer";
import type { MailPreferences } from "./sendable.ts";

// What other services know of those who get mails, asked for when a mail is sent.

export interface Contact {
	id: string;
	name: string;
	email: string;
	emailVerified: boolean;
}

interface Asking {
	broker: ServiceBroker;
}

/** In no order; who is suspended or gone is left out. */
export const contactsOf = ({ broker }: Asking, ids: readonly string[]): Promise<Contact[]> =>
	broker.call<Contact[], object>("auth.contactsOf", { ids });

/** Null: nobody active has this account. */
export const contactOf = async (asking: Asking, userId: string): Promise<Contact | null> =>
	(await contactsOf(asking, [userId]))[0] ?? null;

interface OwnPreferences extends MailPreferences {
	userId: string;
}

export const allOn: MailPreferences = { kinds: {}, quietHours: null, digest: "off" };

/** In no order. */
export const preferencesOfAll = async (
	{ broker }: Asking,
	userIds: readonly string[],
): Promise<ReadonlyMap<string, MailPreferences>> => {
	const { items } = await broker.call<{ items: OwnPreferences[] }, object>("notification.preferencesOf", { userIds });
	const found = new Map(items.map((item) => [item.userId, item]));
	return new Map(userIds.map((userId) => [userId, found.get(userId) ?? allOn]));
};
