import { Conversation } from "./conversation.ts";

// Conversations stay connected for a while after their page was left: whoever comes back finds them as they were, and what was written
// offline still goes out.

const open = new Map<string, { conversation: Conversation; users: number; timer?: ReturnType<typeof setTimeout> }>();
const stays = 30_000;

const closeLater = (id: string): void => {
	const held = open.get(id);
	if (!held) return;
	clearTimeout(held.timer);
	held.timer = setTimeout(() => {
		if (held.users > 0) return;
		if (held.conversation.unsent > 0) return closeLater(id);
		open.delete(id);
		held.conversation.close();
	}, stays);
};

/** `release` it when its page goes. */
export const hold = (id: string, me: string): Conversation => {
	let held = open.get(id);
	if (!held || held.conversation.isOver) {
		held = { conversation: new Conversation(id, me), users: 0 };
		open.set(id, held);
	}
	held.users += 1;
	return held.conversation;
};

export const release = (id: string): void => {
	const held = open.get(id);
	if (!held) return;
	held.users -= 1;
	closeLater(id);
};
