import type { MailView } from "../../contracts/http/mails.ts";
import type { Attempt, Mail } from "./mail.ts";

const attemptView = ({ at, outcome, code, reason }: Attempt) => ({
	at,
	outcome,
	...(code !== undefined && { code }),
	...(reason !== undefined && { reason }),
});

/** A mail as operators see it. Neither its data nor its recipient's address: those are in the body, if that is shown. */
export const mailView = (mail: Mail, body?: MailView["body"]): MailView => ({
	id: mail._id,
	userId: mail.userId,
	template: mail.template,
	kind: mail.kind,
	eventId: mail.eventId,
	status: mail.status,
	...(mail.reason !== undefined && { reason: mail.reason }),
	tries: mail.tries,
	attempts: mail.attempts.map(attemptView),
	createdAt: mail.createdAt,
	...(mail.dueAt !== undefined && { dueAt: new Date(mail.dueAt).toISOString() }),
	...(mail.sentAt !== undefined && { sentAt: mail.sentAt }),
	version: mail.version,
	...(body && { body }),
});

/** As the request with this key left it, whatever became of it since. Null: there was none. */
export const viewAfterRetry = (mail: Mail, key: string): MailView | null => {
	const record = mail.requests.find((one) => one.key === key);
	if (!record) return null;
	if (mail.version === record.version) return mailView(mail);
	const { reason: _reason, sentAt: _sentAt, ...view } = mailView(mail);
	return { ...view, status: "queued", tries: 0, dueAt: new Date(record.at).toISOString(), version: record.version };
};
