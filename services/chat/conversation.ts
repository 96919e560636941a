import type { CallMeta, RequestKey } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { deriveId, pairId } from "../../contracts/ids.ts";
import type { Change, Entity } from "../../mixins/store/versioned.ts";
import type { Entry } from "../../realtime/entry.ts";
import { entryTypes } from "./message.ts";
import type { PostRequest } from "./streams-port.ts";

// Who is in a conversation. docs/decisions/0016-conversations.md

export interface Member {
	userId: string;
	/** ISO 8601. */
	joinedAt: string;
	/** The last entry that was there when they came: what is older they may read, and it counts as read. */
	joinedSeq: number;
}

/** Under the stream's id. `version` counts changes of its members; what is folded from its log is written without one. */
export interface Conversation extends Entity {
	kind: "pair" | "group";
	title?: string;
	createdBy: string;
	createdAt: string;
	members: Member[];
	/** Members as it was made: what a repeat of that request is told. */
	founders: string[];
	/** Entries about members that the log may not have yet: part of the same write as the change. */
	pending?: PostRequest[];
	/** What made it. */
	request: Pick<RequestKey, "key" | "hash">;
	/** What changed its members. */
	requests?: Done[];
	/** The last entry up to which members' unread messages are counted, and that entry; 0 for none. */
	lastSeq: number;
	lastEntry?: Entry;
}

export interface Done extends Pick<RequestKey, "key" | "hash"> {
	/** ISO 8601; earlier versions did not say. */
	at?: string;
	action: "addMember";
}

export const largestGroup = 256;
const keptRequests = 200;

export const groupId = (id: string): string => `g-${id}`;

const invalid = (pointer: string, detail: string): never => {
	throw new DomainError("VALIDATION", detail, { errors: [{ pointer, detail }] });
};

/** The others, each once. Throws VALIDATION if the caller is among them. */
export const othersOf = (callerId: string, memberIds: readonly string[]): string[] => {
	const self = memberIds.indexOf(callerId);
	if (self >= 0) invalid(`/memberIds/${self}`, "names the others, not yourself");
	return [...new Set(memberIds)];
};

export interface Founding {
	creatorId: string;
	others: readonly string[];
	title?: string | undefined;
	request: Pick<RequestKey, "key" | "hash">;
	/** For a group. */
	newId: string;
	at: string;
}

export type NewConversation = Omit<Conversation, "version" | "updatedAt">;

export const newConversation = ({ creatorId, others, title, request, newId, at }: Founding): NewConversation => {
	const [other = ""] = others;
	const kind = others.length === 1 ? "pair" : "group";
	const founders = [creatorId, ...others];
	return {
		_id: kind === "pair" ? pairId(creatorId, other) : groupId(newId),
		kind,
		...(title !== undefined && { title }),
		createdBy: creatorId,
		createdAt: at,
		founders,
		members: founders.map((userId) => ({ userId, joinedAt: at, joinedSeq: 0 })),
		request: { key: request.key, hash: request.hash },
		lastSeq: 0,
	};
};

/** 64 bits of a hash name a pair: the conversation that has the id must be of these two. Throws ID_REUSED if it is not. */
export const checkPair = ({ founders }: Conversation, wanted: readonly string[]): void => {
	if ([...founders].sort().join(" ") === [...wanted].sort().join(" ")) return;
	throw new DomainError("ID_REUSED", "The id of this pair's conversation belongs to another pair");
};

export const isMember = ({ members }: Conversation, userId: string): boolean =>
	members.some((member) => member.userId === userId);

/** Throws NOT_FOUND: strangers do not learn that it exists. */
export const visibleTo = (conversation: Conversation | null, userId: string): Conversation => {
	if (!conversation || !isMember(conversation, userId)) throw new DomainError("NOT_FOUND");
	return conversation;
};

export const memberIdsOf = ({ members }: Conversation): string[] => members.map(({ userId }) => userId);

/** The other of a pair; undefined in a group. */
export const otherOf = ({ kind, founders }: Conversation, userId: string): string | undefined =>
	kind === "pair" ? founders.find((id) => id !== userId) : undefined;

const requireGroup = ({ kind }: Conversation): void => {
	if (kind !== "group") throw new DomainError("TRANSITION_REFUSED", "A conversation of two stays one of two: make a group");
};

/** Of a change of members: who changes it, whom, and under which request. `entryId` is derived from the request. */
export interface MemberChange {
	by: string;
	userId: string;
	entryId: string;
	at: string;
}

const pendingEntry = (type: string, { by, userId, entryId }: MemberChange): PostRequest => ({
	id: entryId,
	from: by,
	type,
	body: { userId, by },
});

export const isDone = ({ requests = [] }: Conversation, request: RequestKey): boolean => {
	const done = requests.find(({ key }) => key === request.key);
	if (done && done.hash !== request.hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	return done !== undefined;
};

/**
 * Takes somebody in; null if they are in, or if this request took them in before. Throws NOT_FOUND, TRANSITION_REFUSED (a pair, a full
 * group), IDEMPOTENCY_KEY_REUSED.
 */
export const decideAdd = (found: Conversation, change: MemberChange, joinedSeq: number, request: RequestKey): Change | null => {
	const conversation = visibleTo(found, change.by);
	if (isDone(conversation, request)) return null;
	requireGroup(conversation);
	if (isMember(conversation, change.userId)) return null;
	if (conversation.members.length >= largestGroup)
		throw new DomainError("TRANSITION_REFUSED", `A group has at most ${largestGroup} members`);
	const done: Done = { key: request.key, hash: request.hash, at: change.at, action: "addMember" };
	return {
		push: {
			members: { userId: change.userId, joinedAt: change.at, joinedSeq } satisfies Member,
			pending: pendingEntry(entryTypes.joined, change),
			requests: { $each: [done], $slice: -keptRequests },
		},
	};
};

/**
 * Shows somebody out: oneself, or anybody by whoever made the group. Null if they are not in. Throws NOT_FOUND (the caller is not in),
 * TRANSITION_REFUSED (a pair), FORBIDDEN.
 */
export const decideRemove = (found: Conversation, change: MemberChange): Change | null => {
	const conversation = visibleTo(found, change.by);
	requireGroup(conversation);
	if (change.userId !== change.by && conversation.createdBy !== change.by)
		throw new DomainError("FORBIDDEN", "Only whoever made the group shows others out");
	if (!isMember(conversation, change.userId)) return null;
	return {
		pull: { members: { userId: change.userId } },
		push: { pending: pendingEntry(entryTypes.left, change) },
	};
};

/** An account is gone: out of its groups. Null if they are not in; a pair stays one of two. */
export const decideGone = ({ kind, ...found }: Conversation, userId: string, at: string): Change | null => {
	if (kind === "pair" || !isMember({ kind, ...found }, userId)) return null;
	const entryId = deriveId("gone", found._id, userId);
	return {
		pull: { members: { userId } },
		push: { pending: pendingEntry(entryTypes.left, { by: userId, userId, entryId, at }) },
	};
};

/** The conversation as its first request made it, if that was this one; throws IDEMPOTENCY_KEY_REUSED if its body was another. */
export const isReplay = ({ request }: Conversation, { key, hash }: NonNullable<CallMeta["request"]>): boolean => {
	if (request.key !== key) return false;
	if (request.hash !== hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
	return true;
};
