import type { mailStatuses } from "../../contracts/http/mails.ts";
import { deriveId } from "../../contracts/ids.ts";
import type { Entity } from "../../mixins/store/versioned.ts";
import type { NotificationKind } from "./kinds.ts";
import type { MailDraft } from "./mails-of.ts";

// A mail: that somebody should be told, and what became of it. The address is not in it, nor any token: both are looked up for each try.

/** Of the first two somebody is still to hear: they have a `dueAt`. */
export type MailStatus = (typeof mailStatuses)[number];

export interface Attempt {
	/** Of the claim under which it was made. */
	id: string;
	/** ISO 8601. */
	at: string;
	outcome: "sent" | "retry" | "refused" | "unknown";
	/** What the server said, if it did. */
	code?: number;
	/** Its words, or what went wrong. */
	reason?: string;
}

/** A process that is at it right now, unless it died. It moves `dueAt` on while it lives. */
export interface Claim {
	id: string;
	/** ISO 8601. */
	at: string;
}

/** What an operator asked for. */
export interface RequestRecord {
	key: string;
	hash: string;
	/** Of the mail, once that was done. */
	version: number;
	/** Epoch ms. */
	at: number;
}

export interface MailOrigin {
	requestid?: string;
	traceparent?: string;
}

export interface MailBody {
	/** The event that it tells of. */
	eventId: string;
	userId: string;
	template: string;
	kind: NotificationKind | null;
	data: Readonly<Record<string, unknown>>;
	status: MailStatus;
	/** Why it ended as it did, or waits. */
	reason?: string;
	/** Epoch ms; while it is to be sent: when somebody should next look at it. */
	dueAt?: number;
	claim?: Claim;
	/** Since it was queued, last by an operator. */
	tries: number;
	/** The last of them. */
	attempts: Attempt[];
	/** ISO 8601. */
	sentAt?: string;
	/** `<createdAt> <id>`: the order of the list. */
	listKey: string;
	/** Epoch ms, once it has ended: it is kept for RETAIN_MAILS from then on. */
	removeAt?: number;
	/** Of operators. */
	requests: RequestRecord[];
	/** What it came of, for the log and its trace. */
	origin?: MailOrigin;
}

export interface Mail extends Entity, MailBody {
	/** ISO 8601. */
	createdAt: string;
}

export type NewMail = Pick<Mail, "_id" | "createdAt"> & MailBody;

/** One event, one person, one template: one mail, however often the event comes. */
export const mailIdOf = (eventId: string, { userId, template }: Pick<MailDraft, "userId" | "template">): string =>
	deriveId("mail", eventId, userId, template);

/** `at`: epoch ms. */
export const newMail = (draft: MailDraft, eventId: string, at: number, origin?: MailOrigin): NewMail => {
	const _id = mailIdOf(eventId, draft);
	const createdAt = new Date(at).toISOString();
	const { userId, template, kind } = draft;
	const data = { ...draft.data };
	return {
		...{ _id, createdAt, eventId, userId, template, kind, data, listKey: `${createdAt} ${_id}` },
		...{ status: "queued", dueAt: at, tries: 0, attempts: [], requests: [], ...(origin && { origin }) },
	};
};

const open: readonly MailStatus[] = ["queued", "held"];

export const isOpen = ({ status }: Pick<Mail, "status">): boolean => open.includes(status);

/** The same on every try, so that a mailbox that got it twice can tell. RFC 5322 §3.6.4. */
export const messageIdOf = ({ _id }: Pick<Mail, "_id">, domain: string): string => `<${_id}@${domain}>`;
