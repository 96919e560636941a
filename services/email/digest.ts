import { deriveId } from "../../contracts/ids.ts";
import type { Document } from "../../mixins/store/port.ts";
import type { MailDraft } from "./mails-of.ts";
import { type Digest, digestEnd, type QuietHours } from "./sendable.ts";
import type { ChatItem } from "./templates/data.ts";

// What of conversations is gathered for a person until a period ends, and then told in one mail.

export type Period = Exclude<Digest, "off">;

/** One person's period. */
export interface MailDigest extends Document {
	userId: string;
	period: Period;
	/** Epoch ms: when it is closed; absent once its mail is queued. */
	dueAt?: number;
	/** Its mail is being made: what comes now goes into the next one, unless it got in. */
	closed?: true;
	/** Epoch ms, once its mail is made: it is kept for RETAIN_MAILS from then on. */
	removeAt?: number;
}

/** A message and which digest it is for: each is in one, whatever comes again. */
export interface DigestItem extends Document {
	userId: string;
	digestId: string;
	/** Of that digest, so that whoever finds the message can make it. */
	period: Period;
	/** Epoch ms. */
	endsAt: number;
	item: ChatItem;
	/** Whoever wrote it is gone, and with them what it said. */
	gone?: true;
	/** Epoch ms: it is kept for RETAIN_MAILS from then on, which is longer than events come again. */
	removeAt: number;
}

export const digestItemId = (eventId: string, userId: string): string => deriveId("digest item", eventId, userId);

/** Which digest a message goes to, and when that ends. */
export type Place = Pick<DigestItem, "digestId" | "period" | "endsAt">;

/** The place of what was written at a moment. */
export const placeAt = (userId: string, at: number, period: Period, quietHours: QuietHours | null): Place => {
	const endsAt = digestEnd(at, period, quietHours);
	return { digestId: deriveId("digest", userId, period, endsAt), period, endsAt };
};

/** What was written at the end of a period may still be on its way, in ms. */
const grace = 5_000;

/** The digest that a message names, as whoever comes first makes it. */
export const digestOf = ({ userId, digestId, period, endsAt }: DigestItem, now: number): MailDigest => ({
	...{ _id: digestId, userId, period },
	dueAt: Math.max(endsAt, now) + grace,
});

/** So many messages are kept for a mail, the newest ones. */
export const gathered = 200;

/** `items`: the newest first, one more than `gathered` if there are so many. */
export const digestMail = ({ userId, period }: MailDigest, items: readonly ChatItem[]): MailDraft => ({
	userId,
	template: "chat-digest",
	kind: "chat_notification",
	data: { period, items: items.slice(0, gathered).reverse(), more: items.length > gathered },
});
