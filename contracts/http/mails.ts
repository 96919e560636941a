import Type, { type Static } from "typebox";
import { Id, IdParams, listQuery, Page, Time, Version } from "./common.ts";
import type { Route } from "./route.ts";

// Mails as operators see them.

export const mailStatuses = ["queued", "held", "sent", "failed", "suppressed", "dropped"] as const;

const MailStatus = Type.Enum([...mailStatuses], {
	description:
		"queued: to be sent, at once or again; held: until its recipient wants mail; failed: given up; suppressed: its address takes no mail; dropped: nobody wants it, or nobody is there to",
});

const MailAttempt = Type.Object({
	at: Time,
	outcome: Type.Enum(["sent", "retry", "refused", "unknown"], {
		description:
			"unknown: nobody was told whether the server took it. A mail that was tried again after that may have arrived twice",
	}),
	code: Type.Optional(Type.Integer({ description: "Of the server's answer" })),
	reason: Type.Optional(Type.String({ description: "What the server said, or what went wrong" })),
});

export const MailView = Type.Object(
	{
		id: Id,
		userId: Id,
		template: Type.String(),
		kind: Type.Union([Type.String(), Type.Null()], { description: "What preferences call it; null: about an account" }),
		eventId: Type.String({ description: "Of what it tells" }),
		status: MailStatus,
		reason: Type.Optional(Type.String()),
		tries: Type.Integer({ minimum: 0, description: "Since it was queued, the last time by an operator" }),
		attempts: Type.Array(MailAttempt, { description: "The last of them" }),
		createdAt: Time,
		dueAt: Type.Optional(Time),
		sentAt: Type.Optional(Time),
		version: Version,
		body: Type.Optional(
			Type.Object(
				{ subject: Type.String(), text: Type.String(), html: Type.String() },
				{ description: "In one process alone; links that let somebody in only where mails are files" },
			),
		),
	},
	{ $id: "Mail" },
);
export type MailView = Static<typeof MailView>;

const admin = { tag: "admin", auth: ["admin"], status: 200 } as const;

export const mailRoutes: readonly Route[] = [
	{
		...admin,
		method: "GET",
		path: "/v1/admin/mails",
		action: "email.mails",
		summary: "Mails, those that wait and those of the last 30 days, with what became of each try",
		query: Type.Object({ status: Type.Optional(MailStatus), userId: Type.Optional(Id), ...listQuery }),
		answer: Page(MailView),
	},
	{
		...admin,
		method: "POST",
		path: "/v1/admin/mails/:id/retry",
		action: "email.retryMail",
		summary: "Send a mail that was given up once more, or one that waits at once",
		description:
			"Of one that is suppressed, its address is given another chance as well. Refused for a mail that was sent or dropped.",
		params: IdParams,
		body: Type.Optional(Type.Object({})),
		status: 202,
		answer: MailView,
		entity: true,
		idempotent: true,
		errors: ["NOT_FOUND", "TRANSITION_REFUSED", "VERSION_CONFLICT", "IDEMPOTENCY_KEY_REUSED", "REQUEST_IN_FLIGHT"],
	},
];
