import type { Caller } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { ClientPayload } from "../../contracts/sockets.ts";
import type { StreamHome } from "../../mixins/streams/ports.ts";
import { amendMessage, markDelivered, markRead } from "./amending.adapter.ts";
import { type ChatService, countLater, roomOf, settlePending } from "./chat-base.ts";
import { memberIdsOf } from "./conversation.ts";
import { isMemberOf, type Live, requireWritable } from "./live.adapter.ts";
import { membershipId } from "./membership.ts";
import { newMessage } from "./message.ts";

// What sockets may do in a conversation: the same as REST, through the same code, with a conversation that need not be read for each message.

/** Throws NOT_FOUND: strangers do not learn that it exists. */
const requireMember = (live: Live | null, userId: string): Live => {
	if (!isMemberOf(live, userId)) throw new DomainError("NOT_FOUND");
	return live;
};

const post = async (chat: ChatService, stream: string, { id: userId }: Caller, { id, text }: ClientPayload<"post">) => {
	const live = requireMember(await chat.live.get(stream), userId);
	requireWritable(live, userId);
	const sender = { id: userId, name: live.names.get(userId) };
	const { seq, at } = await chat.streams.post(stream, newMessage(id, sender, text, roomOf(chat, live.conversation)));
	return { seq, at };
};

const change = async (chat: ChatService, stream: string, { id: userId }: Caller, message: ClientPayload<"amend">) => {
	const live = requireMember(await chat.live.get(stream), userId);
	if (message.text !== null) requireWritable(live, userId);
	const { seq } = await amendMessage(chat, stream, userId, message);
	return { seq };
};

const greet = async (chat: ChatService, stream: string, userId: string) => {
	const { conversation, names } = requireMember(await chat.live.get(stream), userId);
	const ids = memberIdsOf(conversation);
	const rows = await chat.store.memberships.findByIds(ids.map((id) => membershipId(stream, id)));
	return {
		members: ids.map((id) => ({ id, name: names.get(id) ?? "" })),
		reads: Object.fromEntries(rows.map((row) => [row.userId, row.readSeq])),
	};
};

export const chatHome = (chat: ChatService): StreamHome => ({
	log: chat.log,
	registry: chat.store,
	async admit(stream, { id }) {
		const { conversation } = requireMember(await chat.live.refresh(stream), id);
		await settlePending(chat, conversation);
	},
	async of(stream) {
		const live = await chat.live.refresh(stream);
		return live && { has: (userId) => isMemberOf(live, userId) };
	},
	greet: (stream, userId) => greet(chat, stream, userId),
	handlers: {
		post: (stream, caller, message) => post(chat, stream, caller, message),
		amend: (stream, caller, message) => change(chat, stream, caller, message),
		read: (stream, caller, seq) => markRead(chat, stream, caller.id, seq),
		delivered: (stream, caller, seq) => markDelivered(chat, stream, caller.id, seq),
	},
	observer: {
		// After a crash, what the log has and nobody counted is counted here.
		activated: (stream) => void countLater(chat, stream),
		committed: (stream) => chat.countSoon.ask(stream),
		repeated: (stream) => chat.countSoon.ask(stream),
	},
});
