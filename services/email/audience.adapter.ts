import type { ServiceBroker } from "moleculer";
import type { Mail } from "./mail.ts";
import type { ChatItem, TemplateData } from "./templates/data.ts";

// Whether messages still want to be told of. The conversation knows: who reads it right now, has read it, muted it or left needs no mail.

interface Asking {
	broker: ServiceBroker;
}

type Message = Pick<ChatItem, "streamId" | "senderId" | "seq">;

export const audienceOf = async (
	{ broker }: Asking,
	{ streamId, senderId, seq }: Message,
	userIds: readonly string[],
): Promise<Set<string>> => {
	if (userIds.length === 0) return new Set();
	const question = { streamId, senderId, seq, userIds };
	return new Set((await broker.call<{ userIds: string[] }, typeof question>("chat.audience", question)).userIds);
};

/** Of one sender in one conversation, by seq: whoever has not read one of them has not read what came after. Halves until it is found. */
const unreadOf = async (
	wants: (item: ChatItem) => Promise<boolean>,
	items: readonly ChatItem[],
): Promise<readonly ChatItem[]> => {
	let [low, high] = [0, items.length];
	for (let at = high - 1; low < high; at = Math.floor((low + high) / 2)) {
		const item = items[at];
		if (item && (await wants(item))) high = at;
		else low = at + 1;
	}
	return items.slice(low);
};

type Digest = TemplateData["chat-digest"];

const unreadIn = async (asking: Asking, userId: string, { items, ...rest }: Digest): Promise<Digest | null> => {
	const wants = async (item: ChatItem): Promise<boolean> => (await audienceOf(asking, item, [userId])).has(userId);
	const groups = Map.groupBy(items, ({ streamId, senderId }) => `${streamId} ${senderId}`);
	const sorted = [...groups.values()].map((group) => group.sort((a, b) => a.seq - b.seq));
	const unread = new Set((await Promise.all(sorted.map((group) => unreadOf(wants, group)))).flat());
	const left = items.filter((item) => unread.has(item));
	return left.length > 0 ? { ...rest, items: left } : null;
};

const writersOf = ({ template, data }: Mail): string[] => {
	if (template === "unread-chat") return [(data as unknown as ChatItem).senderId]; // queueing made it of the template's own data
	return template === "chat-digest" ? (data as unknown as Digest).items.map(({ senderId }) => senderId) : [];
};

/**
 * The mail without what people wrote whose account is gone; null if nothing is left. Throws what the call throws: without an answer nobody is quoted.
 */
export const quotable = async ({ broker }: Asking, mail: Mail): Promise<Mail | null> => {
	const ids = [...new Set(writersOf(mail))];
	if (ids.length === 0) return mail;
	const found = new Set((await broker.call<{ id: string }[], object>("auth.resolveMany", { ids })).map(({ id }) => id));
	if (mail.template === "unread-chat") return ids.every((id) => found.has(id)) ? mail : null;
	const data = mail.data as unknown as Digest; // as above
	const items = data.items.filter(({ senderId }) => found.has(senderId));
	return items.length > 0 ? { ...mail, data: { ...data, items } } : null;
};

/**
 * The mail with what its recipient has not read meanwhile, null if they have read it all. Other mails stay as they are. Throws what the
 * call throws: without an answer nothing is sent.
 */
export const stillUnread = async (asking: Asking, mail: Mail): Promise<Mail | null> => {
	if (mail.template === "unread-chat") {
		const message = mail.data as unknown as ChatItem; // queueing made it of the template's own data
		return (await audienceOf(asking, message, [mail.userId])).has(mail.userId) ? mail : null;
	}
	if (mail.template !== "chat-digest") return mail;
	const data = await unreadIn(asking, mail.userId, mail.data as unknown as Digest); // as above
	return data && { ...mail, data };
};
