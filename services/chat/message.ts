import { DomainError } from "../../contracts/errors.ts";
import type { EventDraft } from "../../contracts/events.ts";
import { deriveId } from "../../contracts/ids.ts";
import type { Entry } from "../../realtime/entry.ts";
import type { PostRequest } from "./streams-port.ts";

// What may be said in a conversation, and how it is written down. A log is never changed: an edit and a deletion are entries.

export const entryTypes = {
	posted: "message.posted",
	edited: "message.edited",
	deleted: "message.deleted",
	joined: "member.joined",
	left: "member.left",
} as const;

/** Code points. */
const longestText = 16_000;
const toldOfText = 200;

const refuse = (detail: string): never => {
	throw new DomainError("VALIDATION", detail, { errors: [{ pointer: "/text", detail }] });
};

/** Throws VALIDATION for what is not 1 to 16,000 characters (code points) of well-formed text. Nothing is trimmed. */
export const checkText = (text: string): string => {
	if (text === "") refuse("must have at least 1 character");
	// Half a surrogate pair is no character: a store may keep something else in its place.
	if (!text.isWellFormed()) refuse("must be well-formed Unicode");
	if (text.length > longestText && [...text].length > longestText) refuse("must have at most 16,000 characters");
	return text;
};

/** The first 200 characters, without cutting one in two. */
export const excerpt = (text: string): string => [...text.slice(0, 2 * toldOfText)].slice(0, toldOfText).join("");

export interface Sender {
	id: string;
	name?: string | undefined;
}

/** Whom a message is for, and who of them is there. */
export interface Room {
	members: readonly string[];
	/** Asked when the message is written. */
	following(): ReadonlySet<string>;
}

/** Who is there sees it; so nobody has to be asked about them, for each message of a busy conversation. */
const othersIn = (members: readonly string[], from: string, here: ReadonlySet<string>) => {
	const memberIds = members.filter((member) => member !== from);
	return { memberIds, absentIds: memberIds.filter((member) => !here.has(member)) };
};

const messagePosted = (
	{ stream, id, seq, from }: Entry,
	text: string,
	name: string | undefined,
	{ members, following }: Room,
): EventDraft => ({
	type: "chat.message_posted",
	subject: stream,
	data: {
		streamId: stream,
		messageId: id,
		seq,
		senderId: from,
		...(name !== undefined && { senderName: name }),
		...othersIn(members, from, following()),
		content: excerpt(text),
	},
});

/** A new message with the event that tells its room of it. Throws VALIDATION. */
export const newMessage = (id: string, sender: Sender, text: string, room: Room): PostRequest => {
	checkText(text);
	return {
		id,
		from: sender.id,
		type: entryTypes.posted,
		body: { text },
		events: (entry) => [messagePosted(entry, text, sender.name, room)],
	};
};

/** There is one deletion a message: a second one is a repeat of the first. */
export const deletionId = (target: string): string => deriveId("deleted", target);

/** What has to be looked up before a message of `from` is amended. */
export const amendKeys = (from: string, target: string): { from: string; id: string }[] => [
	{ from, id: target },
	{ from, id: deletionId(target) },
];

/**
 * An edit, or with `text: null` the deletion, of a message. `found`: what the log has under `amendKeys`. Throws NOT_FOUND for what is not a
 * message of this poster, was erased, or (to an edit) is deleted; VALIDATION.
 */
export const amendment = (
	id: string,
	from: string,
	target: string,
	text: string | null,
	found: readonly Entry[],
): PostRequest => {
	const message = found.find((entry) => entry.id === target && entry.from === from);
	if (message?.type !== entryTypes.posted || message.erased) throw new DomainError("NOT_FOUND");
	if (text === null) return { id: deletionId(target), from, type: entryTypes.deleted, body: { target } };
	if (found.some((entry) => entry.id === deletionId(target))) throw new DomainError("NOT_FOUND");
	return { id, from, type: entryTypes.edited, body: { target, text: checkText(text) } };
};

/** Unread messages are those that others posted. Edits, deletions and who came or went are not counted; a deletion takes nothing back. */
export const countsFor = (userId: string, { type, from }: Pick<Entry, "type" | "from">): boolean =>
	type === entryTypes.posted && from !== userId;

export const countFor = (userId: string, entries: readonly Entry[]): number =>
	entries.filter((entry) => countsFor(userId, entry)).length;
