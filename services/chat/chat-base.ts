import type { Context, Service } from "moleculer";
import { clock } from "../../config/clock.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { chatRoutes } from "../../contracts/http/chat.ts";
import type { DurableEventsMembers } from "../../mixins/durable-events/durable-events.mixin.ts";
import type { LeaseDocument } from "../../mixins/lease/lease.ts";
import type { RetentionMembers } from "../../mixins/retention/retention.mixin.ts";
import { type Handler as RouteHandler, routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { CollectionSpec } from "../../mixins/store/port.ts";
import type { StoreMembers } from "../../mixins/store/store.mixin.ts";
import { outboxIndex, requestsIndex } from "../../mixins/store/versioned.ts";
import type { StoreStreamLog } from "../../mixins/stream-log/stream-log.ts";
import { type StreamRow, streamRows } from "../../mixins/stream-log/stream-row.ts";
import { type ConnectionRow, connectionRows } from "../../mixins/streams/connection-row.ts";
import type { StreamsMembers } from "../../mixins/streams/streams.mixin.ts";
import type { Block } from "./block.ts";
import { type Conversation, memberIdsOf, visibleTo } from "./conversation.ts";
import type { CountSoon } from "./count-soon.adapter.ts";
import type { Counting } from "./counting.adapter.ts";
import type { LiveConversations } from "./live.adapter.ts";
import type { Membership } from "./membership.ts";
import type { Room } from "./message.ts";
import type { StreamsPort } from "./streams-port.ts";

// What the parts of this service (the *.mixin.ts files beside it) share: its collections and its `this`.

export interface ChatCollections {
	conversations: Conversation;
	memberships: Membership;
	blocks: Block;
	entries: StreamRow;
	leases: LeaseDocument;
	connections: ConnectionRow;
}

export const collections: { readonly [K in keyof ChatCollections]: CollectionSpec } = {
	conversations: { indexes: [{ name: "request", fields: [["request.key", 1]] }, requestsIndex, outboxIndex] },
	memberships: {
		indexes: [
			{
				name: "activity",
				fields: [
					["userId", 1],
					["activityKey", -1],
				],
			},
			{
				name: "person",
				fields: [
					["userId", 1],
					["_id", 1],
				],
			},
		],
	},
	blocks: {},
	entries: streamRows,
	leases: {},
	connections: connectionRows,
};

export interface ChatVars {
	log: StoreStreamLog;
	streams: StreamsPort;
	counting: Counting;
	countSoon: CountSoon;
	live: LiveConversations;
}

export type ChatMembers = ChatVars & StoreMembers<ChatCollections> & DurableEventsMembers & RetentionMembers & StreamsMembers;
export type ChatService = Service & ChatMembers;

export type Handler<Params, Answer> = RouteHandler<ChatService, Params, Answer>;

/** The action of one route. */
export const routeAction = routeActions<ChatService>("chat", chatRoutes);

export const iso = (at: number): string => new Date(at).toISOString();
export const nowIso = (): string => iso(clock.now());

interface Person {
	id: string;
	name: string;
	active: boolean;
}

const askedAtOnce = 1_000;

/** Who is nobody (any more) is left out. */
export const peopleOf = async (ctx: Context<unknown, CallMeta>, ids: Iterable<string>): Promise<Map<string, Person>> => {
	const all = [...new Set(ids)];
	const found = new Map<string, Person>();
	for (let at = 0; at < all.length; at += askedAtOnce) {
		const page = { ids: all.slice(at, at + askedAtOnce) };
		for (const person of await ctx.call<Person[], typeof page>("auth.resolveMany", page)) found.set(person.id, person);
	}
	return found;
};

export const namesOf = async (ctx: Context<unknown, CallMeta>, ids: Iterable<string>): Promise<Map<string, string>> =>
	new Map([...(await peopleOf(ctx, ids))].map(([id, { name }]) => [id, name]));

/**
 * A conversation of this person; NOT_FOUND otherwise. Entries about its members that whoever changed them did not get to write are
 * written first, so nothing is posted or read past them.
 */
export const conversationOf = async (chat: ChatService, streamId: string, userId: string): Promise<Conversation> => {
	const conversation = visibleTo(await chat.store.conversations.findById(streamId), userId);
	await settlePending(chat, conversation);
	return conversation;
};

/** Whom a message is for; called where its stream is, whose followers are here. */
export const roomOf = (chat: ChatService, conversation: Conversation): Room => ({
	members: memberIdsOf(conversation),
	following: () => chat.engine.following(conversation._id),
});

/** A second run finds them in the log under their ids. */
export const settlePending = async (chat: ChatService, { _id, pending = [] }: Conversation): Promise<void> => {
	if (pending.length === 0) return;
	for (const entry of pending) await chat.streams.post(_id, entry);
	const ids = pending.map(({ id }) => id);
	// No change of the conversation: its version stays.
	await chat.store.conversations.update({ _id }, { $pull: { pending: { id: { $in: ids } } } });
	await countLater(chat, _id);
};

/** What was posted is stored: if it cannot be counted now, whoever looks at the conversation next counts it. */
export const countLater = async (chat: ChatService, streamId: string): Promise<void> => {
	try {
		await chat.counting.fold(streamId);
	} catch (error) {
		chat.logger.warn(`The counters of ${streamId} are behind its log: ${(error as Error).message}`);
	}
};
