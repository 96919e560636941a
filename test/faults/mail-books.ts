import assert from "node:assert/strict";
import type { MailView } from "../../contracts/http/mails.ts";
import { type HttpClient, login } from "../support/http.ts";
import type { SmtpSink } from "../support/smtp.ts";
import { admin } from "../support/souk.ts";
import { until } from "../support/until.ts";

// What became of mails, held against what an SMTP server took.

/** All mails of one template, as admins see them. */
export const allMails = async (api: HttpClient, template: string): Promise<MailView[]> => {
	const { token } = await login(api, admin.email, admin.password);
	const mails: MailView[] = [];
	for (let cursor: string | null = ""; cursor !== null; ) {
		const { status, body, text } = await api.get(`/v1/admin/mails?limit=100${cursor && `&cursor=${cursor}`}`, { token });
		assert.equal(status, 200, text);
		mails.push(...body.items);
		cursor = body.nextCursor;
	}
	return mails.filter((mail) => mail.template === template);
};

const countsOf = (mails: readonly MailView[]): Record<string, number> =>
	Object.fromEntries([...Map.groupBy(mails, ({ status }) => status)].map(([status, all]) => [status, all.length]));

export const untilAllSent = async (api: HttpClient, template: string, count: number): Promise<MailView[]> => {
	const read = async () => countsOf(await allMails(api, template));
	await until(`${count} mails ${template} to be sent`, read, (counts) => counts.sent === count && Object.keys(counts).length === 1, 60_000); // biome-ignore format: one line
	return allMails(api, template);
};

/** Tries that ended without anybody here being told whether the server took the mail. */
export const unknownIn = ({ attempts }: MailView): number => attempts.filter(({ outcome }) => outcome === "unknown").length;

/**
 * Each mail arrived, and no more often than its tries without an answer allow; so a mail whose every try was answered arrived once.
 * Answers how many arrived again.
 */
export const assertArrived = (smtp: SmtpSink, mails: readonly MailView[]): number => {
	let repeats = 0;
	for (const mail of mails) {
		const times = smtp.seen.of(`${mail.id}@souk.example`);
		assert.ok(times >= 1, `mail ${mail.id} was sent and never arrived`);
		assert.ok(times - 1 <= unknownIn(mail), `mail ${mail.id} arrived ${times} times: ${JSON.stringify(mail.attempts)}`);
		repeats += times - 1;
	}
	return repeats;
};
