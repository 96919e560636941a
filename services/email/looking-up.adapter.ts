import { batched } from "../../mixins/batching/batched.ts";
import type { EmailService, Suppression } from "./email-base.ts";
import { type Contact, contactsOf, preferencesOfAll } from "./people.adapter.ts";
import type { MailPreferences } from "./sendable.ts";
import { suppressionId } from "./suppressing.adapter.ts";

// What a try asks about its recipient, as it is now. Mails that are claimed together ask at the same time, and it is one question for all.

export interface LookUp {
	/** Undefined: nobody active has this account. */
	contact(userId: string): Promise<Contact | undefined>;
	preferences(userId: string): Promise<MailPreferences | undefined>;
	/** Whether something is known against the address. */
	suppression(address: string): Promise<Suppression | undefined>;
}

const byId = <T>(items: readonly T[], idOf: (item: T) => string): Map<string, T> =>
	new Map(items.map((item) => [idOf(item), item]));

export const lookUpOf = (service: EmailService): LookUp => {
	const suppressions = batched(async (ids: readonly string[]) =>
		byId(await service.store.mail_suppressions.findByIds(ids), ({ _id }) => _id),
	);
	return {
		contact: batched(async (ids) => byId(await contactsOf(service, ids), ({ id }) => id)),
		preferences: batched((ids) => preferencesOfAll(service, ids)),
		suppression: (address) => suppressions(suppressionId(address)),
	};
};
