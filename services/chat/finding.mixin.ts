import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import { StreamId } from "../../contracts/http/chat.ts";
import { Time } from "../../contracts/http/common.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { callerOf } from "../../mixins/call-meta/call-meta.ts";
import type { StreamLog } from "../../realtime/log.ts";
import { type ChatService, conversationOf } from "./chat-base.ts";
import { memberIdsOf } from "./conversation.ts";
import { entryTypes } from "./message.ts";

// Where in a conversation something is, for clients that know no seqs.

/** The last entry that is not later than `at`. Two owners have two clocks, so near a change of owner it may be off by what they differ. */
const seqAt = async (log: StreamLog, stream: string, at: string): Promise<number> => {
	let low = 0;
	let high = await log.tail(stream);
	while (low < high) {
		const middle = Math.ceil((low + high) / 2);
		const entry = await log.at(stream, middle);
		if (entry && entry.at <= at) low = middle;
		else high = middle - 1;
	}
	return low;
};

interface PositionParams {
	streamId: string;
	messageId: string;
	at?: string;
}

/** By the message; if there is none, by the time. Ids are their posters' own: of two messages with this id the first counts, so nothing is passed over. */
async function position(this: ChatService, ctx: Context<PositionParams, CallMeta>): Promise<{ seq: number | null }> {
	const { streamId, messageId, at } = ctx.params;
	const conversation = await conversationOf(this, streamId, callerOf(ctx).id);
	const from = new Set([...conversation.founders, ...memberIdsOf(conversation)]);
	const keys = [...from].map((userId) => ({ from: userId, id: messageId }));
	const found = (await this.log.posted(streamId, keys)).filter(({ type }) => type === entryTypes.posted);
	if (found.length > 0) return { seq: Math.min(...found.map(({ seq }) => seq)) };
	return { seq: at === undefined ? null : await seqAt(this.log, streamId, at) };
}

export const finding: Partial<ServiceSchema> = {
	actions: {
		position: {
			visibility: "public",
			params: typed(Type.Object({ streamId: StreamId, messageId: Type.String(), at: Type.Optional(Time) })),
			handler: position as never, // `this` is set by Moleculer, whose types do not know the service
		},
	},
};
