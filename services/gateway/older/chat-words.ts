import type { ChatMessage } from "../../../contracts/http/older/chat.ts";

// Messages in the words of the first chat.

/** What it reads of an entry of a conversation. */
export interface SeenEntry {
	seq: number;
	id: string;
	type: string;
	from: string;
	body: unknown;
	at: string;
}

interface Words {
	text?: string;
	target?: string;
}

const keyOf = (from: string, id: string): string => `${from}/${id}`;

/**
 * Entries in order as messages in order, as they read after the last of them: those clients know no edits and no deletions. `otherOf`: whom
 * somebody writes to; undefined in a group.
 */
export const chatMessages = (
	stream: string,
	entries: readonly SeenEntry[],
	otherOf: (from: string) => string | undefined,
): ChatMessage[] => {
	const messages = new Map<string, ChatMessage>();
	for (const { id, type, from, body, at } of entries) {
		const { text, target } = (body ?? {}) as Words;
		const amended = target === undefined ? undefined : messages.get(keyOf(from, target));
		if (type === "message.posted" && text !== undefined) {
			const receiver = otherOf(from);
			const to = receiver === undefined ? {} : { receiver_id: receiver };
			messages.set(keyOf(from, id), { message_id: id, stream_id: stream, sender_id: from, ...to, content: text, created_at: at });
		} else if (type === "message.edited" && amended && text !== undefined) amended.content = text;
		else if (type === "message.deleted" && target !== undefined) messages.delete(keyOf(from, target));
	}
	return [...messages.values()];
};

/** `since` of those clients as a time, ISO 8601 in UTC; undefined if it is none. */
export const timeIn = (since: string): string | undefined => {
	const isTime = /^\d{4}-\d\d-\d\d(?:$|[T ])/.test(since);
	const at = /^\d{12,14}$/.test(since) ? Number(since) : isTime ? Date.parse(since) : Number.NaN;
	return Number.isNaN(at) ? undefined : new Date(at).toISOString();
};
