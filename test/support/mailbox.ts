import type { Email } from "postal-mime";
import type { SmtpSink } from "./smtp.ts";
import { until } from "./until.ts";

/** What arrived at an address. */
export interface Mailbox {
	/** Those whose subject fits, in the order in which they came. */
	all(subject: RegExp): Promise<Email[]>;
	/** Resolves when there are so many; fails where there are more. The newest. */
	has(count: number, subject: RegExp): Promise<Email>;
}

export const mailboxOf = (smtp: SmtpSink, address: string): Mailbox => {
	const all: Mailbox["all"] = async (subject) => (await smtp.parsed(address)).filter((mail) => subject.test(mail.subject ?? ""));
	const subjects = async (): Promise<string[]> => (await smtp.parsed(address)).map((mail) => mail.subject ?? "");
	return {
		all,
		async has(count, subject) {
			const fits = (seen: string[]): number => seen.filter((one) => subject.test(one)).length;
			await until(`${count} mails to ${address} with ${subject}`, subjects, (seen) => fits(seen) >= count);
			const found = await all(subject);
			const newest = found.at(-1);
			if (found.length > count || !newest) throw new Error(`${address} got ${found.length} mails with ${subject}, not ${count}`);
			return newest;
		},
	};
};

export const headerOf = (mail: Email, name: string): string | undefined =>
	mail.headers.find(({ key }) => key === name.toLowerCase())?.value;
