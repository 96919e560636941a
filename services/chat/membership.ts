import type { ConversationView } from "../../contracts/http/chat.ts";
import type { Document, Update, Where } from "../../mixins/store/port.ts";
import { type Conversation, type Member, memberIdsOf } from "./conversation.ts";

/** What a conversation is to one of its members. Under `<streamId>/<userId>`. */
export interface Membership extends Document {
	streamId: string;
	userId: string;
	/** Sorts a person's conversations by last activity: time and stream id. */
	activityKey: string;
	readSeq: number;
	deliveredSeq: number;
	/** Messages of others from readSeq + 1 to countedSeq. */
	unread: number;
	countedSeq: number;
	/** ISO 8601. */
	mutedUntil?: string;
	/** They are no member any more: kept for what they wrote, which goes when their account does. */
	left?: true;
}

export const membershipId = (streamId: string, userId: string): string => `${streamId}/${userId}`;

/** `at`: ISO 8601 in UTC, always of the same length. */
export const activityKey = (at: string, streamId: string): string => `${at}/${streamId}`;

export const newMembership = (streamId: string, { userId, joinedAt, joinedSeq }: Member): Membership => ({
	_id: membershipId(streamId, userId),
	streamId,
	userId,
	activityKey: activityKey(joinedAt, streamId),
	readSeq: joinedSeq,
	deliveredSeq: joinedSeq,
	unread: 0,
	countedSeq: joinedSeq,
});

/** Muted for ever is muted until then. */
export const forEver = "9999-12-31T23:59:59.999Z";

const nameless = "Deleted user";

/** `names` by user id. Whoever has none is gone; what they wrote is still there. */
export const conversationView = (
	conversation: Pick<Conversation, "_id" | "title" | "lastEntry" | "lastSeq"> & { members: readonly Pick<Member, "userId">[] },
	{ readSeq, unread, mutedUntil }: Pick<Membership, "readSeq" | "unread" | "mutedUntil">,
	names: ReadonlyMap<string, string>,
	now: string,
): ConversationView => {
	const { _id, members, title, lastEntry, lastSeq } = conversation;
	return {
		streamId: _id,
		members: members.map(({ userId }) => ({ id: userId, name: names.get(userId) ?? nameless })),
		...(title !== undefined && { title }),
		...(lastEntry && { lastEntry: lastEntry as NonNullable<ConversationView["lastEntry"]> }),
		lastSeq,
		readSeq,
		unread,
		...(mutedUntil !== undefined && mutedUntil > now && { mutedUntil }),
	};
};

/** As its first request was answered. */
export const viewAsMade = (conversation: Conversation, names: ReadonlyMap<string, string>): ConversationView => {
	const { lastEntry: _later, ...made } = conversation;
	const members = conversation.founders.map((userId) => ({ userId }));
	return conversationView({ ...made, members, lastSeq: 0 }, { readSeq: 0, unread: 0 }, names, "");
};

/** In no list. */
const inactive = "";
/** Sorts before every conversation in a list, and after none that is left. */
export const active = { $gt: inactive } as const;

/** Of a row whose person has left, and of one whose person is back. */
export const leaving: Update = { $set: { left: true, activityKey: inactive }, $unset: { mutedUntil: true } };

export const comingBack = ({ _id, ...row }: Membership): { where: Where; update: Update } => ({
	where: { _id, left: true },
	update: { $set: row, $unset: { left: true } },
});

/**
 * Rows of members as they begin, for those who have none or one from before they left: whoever made them members has not got to it yet,
 * or died before.
 */
export const missingRows = (conversation: Conversation, rows: readonly Membership[]): Membership[] => {
	const there = new Set(rows.filter(({ left }) => !left).map(({ userId }) => userId));
	return conversation.members.filter(({ userId }) => !there.has(userId)).map((member) => newMembership(conversation._id, member));
};

export const rowIdsOf = (conversation: Conversation): string[] =>
	memberIdsOf(conversation).map((userId) => membershipId(conversation._id, userId));
