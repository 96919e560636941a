import type { Service, ServiceSchema } from "moleculer";
import { DomainError } from "../../../contracts/errors.ts";
import type { ConversationView, PostedView } from "../../../contracts/http/chat.ts";
import { Id } from "../../../contracts/http/common.ts";
import { type ChatMessage, olderChatRoutes } from "../../../contracts/http/older/chat.ts";
import { pairId } from "../../../contracts/ids.ts";
import { fromWire } from "../../../middlewares/domain-errors.ts";
import { compileCheck } from "../../../middlewares/field-errors.ts";
import { callerOf } from "../../../mixins/call-meta/call-meta.ts";
import { type Handler, routeActions } from "../../../mixins/route-actions/route-actions.ts";
import { chatMessages, timeIn } from "./chat-words.ts";
import { entriesAfter, newestEntries } from "./conversation-entries.ts";
import { type Call, passedOn, requireSelf } from "./passing-on.ts";

// The first chat's paths: each passes the request on to the actions that serve conversations under /v1.

const routeAction = routeActions<Service>("gateway", olderChatRoutes);
const passing = <Params, Answer>(name: string, handler: Handler<Service, Params, Answer>) => ({
	...routeAction(name, handler),
	...passedOn,
});

const invalid = (field: string, detail: string): DomainError =>
	new DomainError("VALIDATION", undefined, { errors: [{ pointer: `/${field}`, detail }] });

interface SendParams {
	message_id?: string;
	content: string;
	stream_id: string;
	sender_id: unknown;
	receiver_id: string;
}

const checkId = compileCheck(Id);

const open = async (ctx: Call<unknown>, receiver: string): Promise<void> => {
	// Ids are opaque: one that we never gave out is an unknown one, whatever it looks like.
	if (checkId(receiver)) throw new DomainError("NOT_FOUND");
	await ctx.call("chat.open", { memberIds: [receiver] });
	// What opening says of itself is no answer to this request.
	delete ctx.meta.status;
	delete ctx.meta.replayed;
};

interface PostParams {
	streamId: string;
	id?: string;
	text: string;
}

/** Most messages are of a conversation that is there. */
const post = async (ctx: Call<unknown>, receiver: string, message: PostParams): Promise<PostedView> => {
	try {
		return await ctx.call<PostedView, PostParams>("chat.post", message);
	} catch (error) {
		if (fromWire(error)?.code !== "NOT_FOUND") throw error;
	}
	await open(ctx, receiver);
	return ctx.call<PostedView, PostParams>("chat.post", message);
};

async function send(this: Service, ctx: Call<SendParams>): Promise<ChatMessage> {
	const { message_id, content, stream_id, sender_id, receiver_id } = ctx.params;
	requireSelf(ctx, sender_id);
	const sender = callerOf(ctx).id;
	if (receiver_id === sender) throw invalid("receiver_id", "is your own");
	if (stream_id !== pairId(sender, receiver_id)) throw invalid("stream_id", "is not that of sender and receiver");
	const id = message_id === undefined ? {} : { id: message_id };
	const posted = await post(ctx, receiver_id, { streamId: stream_id, ...id, text: content });
	return { message_id: posted.id, stream_id, sender_id: sender, receiver_id, content, created_at: posted.at };
}

interface SinceParams {
	streamId: string;
	messageId: string;
	at?: string;
}

const positionOf = async (ctx: Call<unknown>, streamId: string, since: string): Promise<number> => {
	const at = timeIn(since);
	const asked = { streamId, messageId: since, ...(at !== undefined && { at }) };
	const { seq } = await ctx.call<{ seq: number | null }, SinceParams>("chat.position", asked);
	if (seq === null) throw invalid("since", "is neither a message of this conversation nor a time");
	return seq;
};

async function list(this: Service, ctx: Call<{ stream_id: string; since?: string }>): Promise<{ messages: ChatMessage[] }> {
	const { stream_id, since } = ctx.params;
	const { members } = await ctx.call<ConversationView, { streamId: string }>("chat.get", { streamId: stream_id });
	const entries =
		since === undefined
			? await newestEntries(ctx, stream_id)
			: await entriesAfter(ctx, stream_id, await positionOf(ctx, stream_id, since));
	const [one = "", other = ""] = members.map(({ id }) => id);
	const isPair = members.length === 2 && stream_id === pairId(one, other);
	return { messages: chatMessages(stream_id, entries, (from) => (isPair ? (from === one ? other : one) : undefined)) };
}

export const olderChat: Partial<ServiceSchema> = {
	actions: {
		sendChatMessage: passing("sendChatMessage", send),
		persistChatMessage: passing("persistChatMessage", send),
		chatMessages: passing("chatMessages", list),
	},
};
