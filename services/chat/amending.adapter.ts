import { DomainError } from "../../contracts/errors.ts";
import type { ChatService } from "./chat-base.ts";
import { amendKeys, amendment, entryTypes } from "./message.ts";
import type { Posted } from "./streams-port.ts";

// What REST and sockets do alike to a conversation that the caller has been let into.

export interface Amendment {
	/** Of the entry that this writes; a deletion has an id of its own. */
	id: string;
	target: string;
	/** Null deletes. */
	text: string | null;
}

/** Throws NOT_FOUND, VALIDATION, ID_REUSED, and what posting throws. */
export const amendMessage = async (
	chat: ChatService,
	stream: string,
	userId: string,
	amend: Amendment,
): Promise<Posted & { id: string }> => {
	const { id, target, text } = amend;
	const found = await chat.log.posted(stream, [...amendKeys(userId, target), { from: userId, id }]);
	// Asked again after its answer was lost, and meanwhile the message may be gone: the log knows what became of it the first time.
	const first = found.find((entry) => entry.id === id && entry.id !== target);
	const request =
		first && text !== null
			? { id, from: userId, type: entryTypes.edited, body: { target, text } }
			: amendment(id, userId, target, text, found);
	return { id: request.id, ...(await chat.streams.post(stream, request)) };
};

/** Read up to `seq`, and told to those who follow. */
export const markRead = async (chat: ChatService, stream: string, userId: string, seq: number): Promise<{ seq: number }> => {
	await chat.counting.fold(stream);
	const row = await chat.counting.read(stream, userId, seq);
	if (!row) throw new DomainError("NOT_FOUND");
	chat.engine.receipt(stream, { userId, seq: row.readSeq, kind: "read" });
	return { seq: row.readSeq };
};

export const markDelivered = async (chat: ChatService, stream: string, userId: string, seq: number): Promise<{ seq: number }> => {
	const row = await chat.counting.delivered(stream, userId, seq);
	if (!row) throw new DomainError("NOT_FOUND");
	chat.engine.receipt(stream, { userId, seq: row.deliveredSeq, kind: "delivered" });
	return { seq: row.deliveredSeq };
};
