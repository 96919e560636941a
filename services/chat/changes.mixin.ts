import type { Context, ServiceSchema } from "moleculer";
import type { ChatService } from "./chat-base.ts";

// A conversation has other members, a block came or went, or bodies were erased: whoever has it in memory looks again. The broadcast
// may be lost; then the next round of the backstop notices.

const changed = "chat.conversation_changed";

export const tellChanged = ({ broker }: ChatService, streamId: string): void => {
	void broker.broadcast(changed, { streamId }, { groups: ["chat"] });
};

export const changes: Partial<ServiceSchema> = {
	events: {
		[changed]: {
			async handler(this: ChatService, { params: { streamId } }: Context<{ streamId: string }>) {
				this.live.forget(streamId);
				this.engine.forget(streamId);
				await this.engine.check(streamId);
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types do not know whose `this` it is
};
