import type { AuditEntry } from "../../../contracts/audit.ts";
import type { MailView } from "../../../contracts/http/mails.ts";
import type { DeadLetter } from "../../../mixins/durable-events/port.ts";
import type { PageOf } from "../../../mixins/paging/page.ts";
import { type Command, paging } from "../command.ts";
import { idOfUser } from "./people.ts";
import { listed, pageParams, word } from "./words.ts";

// Events that a group gave up on, mails, and what administrators did about them and all else.

export const messageCommands: readonly Command[] = [
	{
		name: "dead-letters",
		words: [],
		summary: "Events that a group gave up on, the newest first",
		options: { group: { type: "string", help: "Only those of this consumer group" }, ...paging },
		async run(operator, given) {
			const { group } = given.values;
			const params = { ...pageParams(given), ...(group && { group }) };
			return listed(
				await operator.call<PageOf<DeadLetter>>("gateway.deadLetters", params),
				({ id, group, subject, entity, tries, lastAt, error }) => ({ id, group, subject, entity, tries, last: lastAt, error }),
			);
		},
	},
	{
		name: "dead-letter",
		words: ["id"],
		summary: "One of them, with the event",
		async run(operator, given) {
			const letter = await operator.call<DeadLetter>("gateway.deadLetter", { id: word(given, 0) });
			const { event, ...rows } = letter;
			return { data: letter, rows, note: JSON.stringify(event, null, 2) };
		},
	},
	{
		name: "retry",
		words: ["id"],
		summary: "Hand a dead letter to its group again",
		async run(operator, given) {
			const done = await operator.call<{ id: string }>("gateway.retryDeadLetter", { id: word(given, 0) });
			return { data: done, rows: { retried: done.id } };
		},
	},
	{
		name: "drop",
		words: ["id"],
		summary: "Drop a dead letter",
		asks: (given) => `The event of dead letter ${word(given, 0)} is lost to its group.`,
		async run(operator, given) {
			const id = word(given, 0);
			await operator.call("gateway.dropDeadLetter", { id });
			return { data: { id }, rows: { dropped: id } };
		},
	},
	{
		name: "mails",
		words: [],
		summary: "Mails, those that wait and those of late, with what became of them",
		options: {
			status: { type: "string", help: "queued, held, sent, failed, suppressed or dropped" },
			user: { type: "string", help: "Id or e-mail address of whom they are for" },
			...paging,
		},
		async run(operator, given) {
			const { status, user } = given.values;
			const whose = user === undefined ? {} : { userId: await idOfUser(operator, String(user)) };
			const params = { ...pageParams(given), ...(status && { status }), ...whose };
			return listed(await operator.call<PageOf<MailView>>("email.mails", params), (mail) => ({
				...{ id: mail.id, user: mail.userId, template: mail.template, status: mail.status, tries: mail.tries },
				...{ created: mail.createdAt, due: mail.dueAt, reason: mail.reason ?? mail.attempts.at(-1)?.reason },
			}));
		},
	},
	{
		name: "retry-mail",
		words: ["id"],
		summary: "Send a mail that was given up once more, or one that waits at once",
		async run(operator, given) {
			const { body: _text, attempts: _tries, ...mail } = await operator.call<MailView>("email.retryMail", { id: word(given, 0) });
			return { data: mail, rows: mail };
		},
	},
	{
		name: "audit",
		words: [],
		summary: "What administrators changed or tried to, the newest first",
		details: "`begun`: it is under way, or its process died before the end was written down, and it may have been done.",
		options: {
			actor: { type: "string", help: "Id of who did it" },
			action: { type: "string", help: "Such as auth.updateUser" },
			target: { type: "string", help: "Id of what it was done to" },
			outcome: { type: "string", help: "begun, done, refused or failed" },
			...paging,
		},
		async run(operator, given) {
			const names = ["actor", "action", "target", "outcome"];
			const filter = Object.fromEntries(Object.entries(given.values).filter(([name]) => names.includes(name)));
			return listed(
				await operator.call<PageOf<AuditEntry>>("auth.audit", { ...pageParams(given), ...filter }),
				({ at, actor, action, target, outcome, code, details }) => ({
					at,
					actor: actor.id,
					action,
					target,
					outcome,
					code,
					details,
				}),
			);
		},
	},
];
