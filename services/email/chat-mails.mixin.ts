import type { Context, ServiceSchema } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import { createEntity } from "../../mixins/store/versioned.ts";
import { currentOrigin } from "../../mixins/tracing/scope.ts";
import { audienceOf } from "./audience.adapter.ts";
import { beginWindow, lookAtWindows } from "./chat-windows.adapter.ts";
import { gather, startDigesting } from "./digesting.adapter.ts";
import type { EmailService } from "./email-base.ts";
import { type Mail, newMail } from "./mail.ts";
import { type MailDraft, mailsOf } from "./mails-of.ts";
import { preferencesOfAll } from "./people.adapter.ts";
import { type MailPreferences, sendableAt, wantsMail } from "./sendable.ts";

// Messages that somebody has not seen: a mail for each conversation once in a while, or all of an hour or a day in one. A second run
// finds what the first one left:
//   window begun, mail not queued:  the same message finds that it began the window, and queues the mail
//   mail queued, window begun:      the mail is there already
//   gathered for a digest:          see digesting.adapter.ts

type Posted = DomainEvent<"chat.message_posted">;
type ChatDraft = Extract<MailDraft, { template: "unread-chat" }>;

/** Somebody who is to be told, and how they want it. */
interface Reader {
	draft: ChatDraft;
	preferences: MailPreferences;
}

const kind = "chat_notification";
const atOnce = 50;

const isChat = (draft: MailDraft): draft is ChatDraft => draft.template === "unread-chat";

/** Where a node could not find it out when the message was posted. */
const withName = async ({ broker }: EmailService, drafts: readonly ChatDraft[]): Promise<readonly ChatDraft[]> => {
	const [first] = drafts;
	if (!first || first.data.senderName !== undefined) return drafts;
	const ids = [first.data.senderId];
	const [sender] = await broker.call<{ name: string }[], { ids: string[] }>("auth.resolveMany", { ids });
	return sender ? drafts.map((draft) => ({ ...draft, data: { ...draft.data, senderName: sender.name } })) : drafts;
};

const readersOf = async (service: EmailService, event: Posted): Promise<Reader[]> => {
	const drafts = mailsOf(event).filter(isChat);
	if (drafts.length === 0) return [];
	const found = await preferencesOfAll(
		service,
		drafts.map(({ userId }) => userId),
	);
	return drafts.flatMap((draft) => {
		const preferences = found.get(draft.userId);
		return preferences && wantsMail(preferences, kind) ? [{ draft, preferences }] : [];
	});
};

/** What is written in quiet hours is told of at their end, once. */
const untilOf = (at: number, { preferences }: Reader, length: number): number => {
	const now = Math.max(clock.now(), at); // this node's clock may be behind that of the conversation's
	const sendable = sendableAt(now, preferences, kind) ?? now;
	return Math.max(at + length, sendable > now ? sendable : 0);
};

const queue = async ({ store }: EmailService, draft: ChatDraft, event: Posted): Promise<void> => {
	const at = clock.now();
	await createEntity<Mail>(store.mails, newMail(draft, event.id, at, currentOrigin()), [], { at, requestid: event.requestid });
};

const tellNow = async (service: EmailService, event: Posted, reader: Reader): Promise<void> => {
	const { chatNotifyWindow: length } = service.profile;
	const { id: eventId, time, data } = event;
	const at = Date.parse(time);
	const start = { eventId, at, until: untilOf(at, reader, length) };
	if (await beginWindow(service, reader.draft.userId, data.streamId, start, length)) await queue(service, reader.draft, event);
};

const tellLater = (service: EmailService, { draft, preferences }: Reader): Promise<void> => {
	const { digest: period, quietHours } = preferences;
	const { userId, data: item } = draft;
	return period === "off" ? Promise.resolve() : gather(service, { userId, item, period, quietHours });
};

/** For most messages a window is open for everybody: then nobody else is asked. Of a repeat those stay who were told before. */
const open = async (service: EmailService, event: Posted, readers: readonly Reader[]): Promise<Reader[]> => {
	const { id: eventId, time, data } = event;
	const immediate = readers.filter(({ preferences }) => preferences.digest === "off").map(({ draft }) => draft.userId);
	const message = { streamId: data.streamId, eventId, at: Date.parse(time) };
	const seen = await lookAtWindows(service, immediate, message, service.profile.chatNotifyWindow);
	const asked = readers.filter(({ draft }) => seen.get(draft.userId) !== "within");
	const free = asked.filter(({ draft }) => seen.get(draft.userId) !== "begun").map(({ draft }) => draft.userId);
	const audience = await audienceOf(service, data, free);
	return asked.filter(({ draft }) => seen.get(draft.userId) === "begun" || audience.has(draft.userId));
};

export async function queueMessage(this: EmailService, { params: event }: Context<Posted>): Promise<void> {
	const told = await open(this, event, await readersOf(this, event));
	const drafts = told.map(({ draft }) => draft);
	const named = new Map((await withName(this, drafts)).map((draft) => [draft.userId, draft]));
	for (let from = 0; from < told.length; from += atOnce) {
		await Promise.all(
			told.slice(from, from + atOnce).map(({ draft, preferences }) => {
				const reader = { draft: named.get(draft.userId) ?? draft, preferences };
				return preferences.digest === "off" ? tellNow(this, event, reader) : tellLater(this, reader);
			}),
		);
	}
	if (told.length > 0) this.sending?.wake();
}

/** A group of its own: while the conversations cannot be asked, messages wait, and nothing else waits with them. */
const durable = { group: "email_chat" };

export const chatMails = {
	events: { "chat.message_posted": { durable, handler: queueMessage } },
	started(this: EmailService) {
		this.digesting = startDigesting(this);
		return Promise.resolve();
	},
	async stopped(this: EmailService) {
		await this.digesting?.stop();
	},
} as unknown as Partial<ServiceSchema>; // the cast is for `this`: a mixin cannot tell Moleculer's types which service it will be part of
