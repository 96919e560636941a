import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import type { Retain } from "../../config/profile-type.ts";
import type { DomainEvent } from "../../contracts/events.ts";
import { Id } from "../../contracts/http/common.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { oldRequests } from "../../mixins/retention/requests.ts";
import { aged, type Rule } from "../../mixins/retention/rules.ts";
import { mutate } from "../../mixins/store/versioned.ts";
import { blocksOf } from "./block.ts";
import { tellChanged } from "./changes.mixin.ts";
import { type ChatService, settlePending } from "./chat-base.ts";
import { decideGone } from "./conversation.ts";
import { leaving, type Membership, membershipId } from "./membership.ts";

// What an account that is deleted leaves behind: seqs without bodies, and no membership of a group. Every step may be repeated.

const pageSize = 100;

const goneFrom = async (chat: ChatService, streamId: string, userId: string, at: number): Promise<void> => {
	const { conversations, memberships } = chat.store;
	const done = await mutate(conversations, streamId, (found) => decideGone(found, userId, new Date(at).toISOString()), { at });
	if (done) await settlePending(chat, done.entity);
	await memberships.update({ _id: membershipId(streamId, userId) }, leaving);
	await chat.log.erase(streamId, { from: userId });
	// After the log, so that a fold that comes between takes over what is erased already.
	const erased = { $set: { "lastEntry.body": null, "lastEntry.erased": true } };
	await conversations.update({ _id: streamId, "lastEntry.from": userId }, erased);
	await tellChanged(chat, streamId);
};

/** Whom they wanted to hear nothing of, and where they came from. */
const eraseTraces = async ({ store }: ChatService, userId: string): Promise<void> => {
	await store.blocks.remove({ _id: blocksOf(userId) });
	await store.connections.remove({ userId, endedAt: { $exists: true } });
};

/** Throws what the store throws: the event comes again, or the call. */
export const eraseUser = async (chat: ChatService, userId: string, at: number): Promise<void> => {
	let last = "";
	for (;;) {
		const where = { userId, _id: { $gt: last } };
		const page: Membership[] = await chat.store.memberships.find({ where, sort: [["_id", 1]], limit: pageSize });
		for (const { streamId } of page) await goneFrom(chat, streamId, userId, at);
		if (page.length < pageSize) break;
		last = page.at(-1)?._id ?? last;
	}
	await eraseTraces(chat, userId);
};

export const chatRetention = ({ store }: ChatService, lives: Retain): Rule[] => [
	aged(
		{
			...{ name: "chat_connections", what: "connections to conversations that ended were forgotten" },
			...{ collection: store.connections, field: "endedAt", life: lives.connections },
		},
		true,
	),
	oldRequests("conversation_requests", "conversations forgot requests of long ago", store.conversations, lives.requests),
];

export const erasing: Partial<ServiceSchema> = {
	actions: {
		eraseUser: {
			visibility: "public",
			params: typed(Type.Object({ userId: Id })),
			handler(this: ChatService, { params: { userId } }: Context<{ userId: string }>) {
				return eraseUser(this, userId, clock.now());
			},
		},
	} as unknown as NonNullable<ServiceSchema["actions"]>, // Moleculer's types do not know whose `this` it is
	events: {
		"user.deleted": {
			durable: {},
			handler(this: ChatService, { params: { data, time } }: Context<DomainEvent<"user.deleted">>) {
				return eraseUser(this, data.userId, Date.parse(time));
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types know no `durable`
};
