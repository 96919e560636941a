import type { Conversation } from "./conversation.ts";
import { isMember } from "./conversation.ts";
import type { Membership } from "./membership.ts";

// Who wants to be told of a message elsewhere, because they do not see it here.

/** The message, and whom its writer asks about. */
export interface Question {
	streamId: string;
	senderId: string;
	seq: number;
	userIds: readonly string[];
}

/** What is known of those who are asked about. */
export interface Facts {
	conversation: Conversation | null;
	/** Theirs, as far as there are any. */
	memberships: readonly Membership[];
	/** Who wants to hear nothing of the sender. */
	blockedBy: ReadonlySet<string>;
	/** Who follows at this moment. */
	following: ReadonlySet<string>;
	/** ISO 8601. */
	now: string;
}

const hasRead = ({ readSeq }: Membership, seq: number): boolean => readSeq >= seq;
const isMuted = ({ mutedUntil }: Membership, now: string): boolean => mutedUntil !== undefined && mutedUntil > now;

/** Members still, who neither follow nor have read so far, nor muted the conversation, nor blocked the sender. A member without a row has just come. */
export const listeners = ({ senderId, seq, userIds }: Question, facts: Facts): string[] => {
	const { conversation, blockedBy, following, now } = facts;
	if (!conversation) return [];
	const rows = new Map(facts.memberships.map((row) => [row.userId, row]));
	const wants = (userId: string): boolean => {
		const row = rows.get(userId);
		return !row || (!row.left && !hasRead(row, seq) && !isMuted(row, now));
	};
	return [...new Set(userIds)].filter(
		(id) => id !== senderId && isMember(conversation, id) && !following.has(id) && !blockedBy.has(id) && wants(id),
	);
};
