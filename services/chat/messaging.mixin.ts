import type { Context, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { PostedView } from "../../contracts/http/chat.ts";
import { deriveId } from "../../contracts/ids.ts";
import { callerOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import { defaultLimit, fitting } from "../../mixins/paging/page.ts";
import type { Entry } from "../../realtime/entry.ts";
import { amendMessage, markRead } from "./amending.adapter.ts";
import { blocksBetween, requireNone } from "./block.ts";
import { type ChatService, conversationOf, countLater, type Handler, namesOf, roomOf, routeAction } from "./chat-base.ts";
import { type Conversation, otherOf } from "./conversation.ts";
import { checkText, newMessage } from "./message.ts";
import type { PostRequest } from "./streams-port.ts";

// Writing, changing and reading messages.

/** A conversation that this person may write to now. Throws NOT_FOUND, FORBIDDEN. */
const writableBy = async (chat: ChatService, streamId: string, userId: string): Promise<Conversation> => {
	const conversation = await conversationOf(chat, streamId, userId);
	const other = otherOf(conversation, userId);
	if (other !== undefined) requireNone(await chat.store.blocks.findByIds(blocksBetween(userId, [other])));
	return conversation;
};

const post = async (chat: ChatService, streamId: string, request: PostRequest): Promise<PostedView & { repeated: boolean }> => {
	const { seq, at, repeated } = await chat.streams.post(streamId, request);
	await countLater(chat, streamId);
	return { seq, id: request.id, at, repeated };
};

/** The message counts more than its sender's name. */
const nameOf = async (chat: ChatService, ctx: Context<unknown, CallMeta>, id: string): Promise<string | undefined> => {
	try {
		return (await namesOf(ctx, [id])).get(id);
	} catch (error) {
		chat.logger.warn(`A message goes out without its sender's name: ${(error as Error).message}`);
		return undefined;
	}
};

interface PostParams {
	streamId: string;
	id?: string;
	text: string;
}

// Under an id of the request's, a repeat is a repeat also when the client chose none.
const write: Handler<PostParams, PostedView> = async function (ctx) {
	const { id: userId } = callerOf(ctx);
	const { streamId, text } = ctx.params;
	const request = requestOf(ctx);
	const id = ctx.params.id ?? deriveId("message", request.key);
	checkText(text);
	const conversation = await writableBy(this, streamId, userId);
	const sender = { id: userId, name: await nameOf(this, ctx, userId) };
	try {
		const posted = await post(this, streamId, newMessage(id, sender, text, roomOf(this, conversation)));
		if (posted.repeated) ctx.meta.replayed = request.named;
		return { seq: posted.seq, id, at: posted.at };
	} catch (error) {
		const reused = error instanceof DomainError && error.code === "ID_REUSED";
		throw reused && ctx.params.id === undefined ? new DomainError("IDEMPOTENCY_KEY_REUSED") : error;
	}
};

type AmendContext = Context<{ streamId: string; id: string }, CallMeta>;

const amend = async (chat: ChatService, ctx: AmendContext, text: string | null): Promise<PostedView> => {
	const { id: userId } = callerOf(ctx);
	const { streamId, id: target } = ctx.params;
	// What is taken back may be taken back from whoever blocked us, too.
	await (text === null ? conversationOf(chat, streamId, userId) : writableBy(chat, streamId, userId));
	const { seq, id, at } = await amendMessage(chat, streamId, userId, { id: deriveId("amend", requestOf(ctx).key), target, text });
	await countLater(chat, streamId);
	return { seq, id, at };
};

const edit: Handler<{ streamId: string; id: string; text: string }, PostedView> = function (ctx) {
	return amend(this, ctx, checkText(ctx.params.text));
};

const remove: Handler<{ streamId: string; id: string }, void> = async function (ctx) {
	await amend(this, ctx, null);
};

interface MessagesParams {
	streamId: string;
	after?: number;
	before?: number;
	limit?: number;
}

const messages: Handler<MessagesParams, { items: Entry[] }> = async function (ctx) {
	const { streamId, after, before, limit = defaultLimit } = ctx.params;
	if (after !== undefined && before !== undefined) {
		const errors = [{ pointer: "/before", detail: "goes without after" }];
		throw new DomainError("VALIDATION", "Either after or before", { errors });
	}
	await conversationOf(this, streamId, callerOf(ctx).id);
	const at = { limit, ...(after !== undefined && { after }), ...(before !== undefined && { before }) };
	const found = await this.streams.history(streamId, at);
	// The rest comes with the next page: it begins where this one ends, on the side that was asked for.
	return { items: after !== undefined ? fitting(found) : fitting(found.toReversed()).reverse() };
};

const read: Handler<{ streamId: string; seq: number }, { seq: number }> = async function (ctx) {
	const { id: userId } = callerOf(ctx);
	const { streamId, seq } = ctx.params;
	const conversation = await conversationOf(this, streamId, userId);
	await this.counting.complete(conversation);
	return markRead(this, streamId, userId, seq);
};

/** Where its actor is; any other node does it as rightly, with more to read. */
const ofStream = { param: "streamId" };

export const messaging: Partial<ServiceSchema> = {
	actions: {
		post: routeAction("post", write, ofStream),
		edit: routeAction("edit", edit, ofStream),
		delete: routeAction("delete", remove, ofStream),
		messages: routeAction("messages", messages, ofStream),
		read: routeAction("read", read, ofStream),
	},
};
