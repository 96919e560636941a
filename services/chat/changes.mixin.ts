import type { Context, ServiceSchema } from "moleculer";
import type { ChatService } from "./chat-base.ts";

// A conversation has other members, a block came or went, or bodies were erased: whoever has it in memory looks again. The broadcast
// may be lost; then the next round of the backstop notices.

const changed = "chat.conversation_changed";

const lookAgain = async (chat: ChatService, streamId: string): Promise<void> => {
	chat.live.forget(streamId);
	chat.engine.forget(streamId);
	await chat.engine.check(streamId);
};

/** Resolves when whoever follows on this node and may not any more is out: a call that removes somebody is made where the followers are. */
export const tellChanged = async (chat: ChatService, streamId: string): Promise<void> => {
	const { broker, logger } = chat;
	void broker.broadcast(changed, { streamId, by: broker.nodeID }, { groups: ["chat"] });
	await lookAgain(chat, streamId).catch((error: unknown) => logger.warn(`${streamId} has changed, unseen:`, error));
};

export const changes: Partial<ServiceSchema> = {
	events: {
		[changed]: {
			async handler(this: ChatService, { params: { streamId, by } }: Context<{ streamId: string; by?: string }>) {
				if (by !== this.broker.nodeID) await lookAgain(this, streamId);
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types do not know whose `this` it is
};
