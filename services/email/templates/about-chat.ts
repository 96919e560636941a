import { momentText } from "./amounts.ts";
import type { ChatItem, TemplateData } from "./data.ts";
import { type Block, button, note, paragraph, plainOf, say, type Words } from "./words.ts";

// What is said about messages. They come as the event had them: at most their first 200 characters.

const cut = 200;
/** Of one conversation, in a digest. */
const shownOfOne = 3;
/** In one digest. */
const shownConversations = 20;

const chatPage = (home: string, streamId: string): string => `${home}/app/chat/${encodeURIComponent(streamId)}`;

const nameOf = ({ senderName }: Pick<ChatItem, "senderName">): string => {
	const name = plainOf(say`${senderName ?? ""}`);
	return name === "" ? "Somebody" : name;
};

/** The event carries no more than that, so there may be more of it. */
const shortened = (content: string): string => ([...content].length >= cut ? `${content}…` : content);

const quote = (item: ChatItem): Block => ({
	kind: "quote",
	who: say`${nameOf(item)}`,
	text: shortened(item.content),
});

export const unreadChat = (item: TemplateData["unread-chat"], home: string): Words => ({
	subject: say`New message from ${nameOf(item)}`,
	preheader: say`${item.content}`,
	title: say`New message from ${nameOf(item)}`,
	blocks: [
		quote(item),
		button("Answer", chatPage(home, item.streamId)),
		note(say`Written on ${momentText(item.at)}. Of what follows soon after in this conversation you get no further mail.`),
	],
});

const conversation = (items: readonly ChatItem[], home: string): Block[] => {
	const shown = items.slice(-shownOfOne);
	const [first] = items;
	const before = items.length - shown.length;
	return [
		...(before > 0 ? [note(say`${before} earlier ${before === 1 ? "message" : "messages"}, and then:`)] : []),
		...shown.map(quote),
		...(first ? [button("Open the conversation", chatPage(home, first.streamId))] : []),
	];
};

const messages = (count: number, more: boolean): string =>
	`${count}${more ? "+" : ""} new ${count === 1 && !more ? "message" : "messages"}`;

export const chatDigest = ({ items, more, period }: TemplateData["chat-digest"], home: string): Words => {
	const conversations = [...Map.groupBy(items, ({ streamId }) => streamId).values()];
	const names = [...new Set(items.map(nameOf))];
	const [first = "", ...others] = names;
	const from = others.length === 0 ? first : `${first} and ${others.length} more`;
	const hidden = conversations.length - shownConversations;
	return {
		subject: say`${messages(items.length, more)} from ${from}`,
		preheader: say`What you have not read of the last ${period === "daily" ? "day" : "hour"}`,
		title: say`${messages(items.length, more)}`,
		blocks: [
			paragraph(say`This is what you have not read yet of the last ${period === "daily" ? "day" : "hour"}.`),
			...conversations.slice(0, shownConversations).flatMap((each) => conversation(each, home)),
			...(hidden > 0 ? [note(say`And ${hidden} more ${hidden === 1 ? "conversation" : "conversations"}.`)] : []),
		],
	};
};
