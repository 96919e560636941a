import type { Context, ServiceSchema } from "moleculer";
import type { DomainEvent } from "../../contracts/events.ts";
import { mutate } from "../../mixins/store/versioned.ts";
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

/** Throws what the store throws: the event comes again. */
export async function eraseUser(this: ChatService, { data, time }: DomainEvent<"user.deleted">): Promise<void> {
	const { userId } = data;
	let last = "";
	for (;;) {
		const where = { userId, _id: { $gt: last } };
		const page: Membership[] = await this.store.memberships.find({ where, sort: [["_id", 1]], limit: pageSize });
		for (const { streamId } of page) await goneFrom(this, streamId, userId, Date.parse(time));
		if (page.length < pageSize) return;
		last = page.at(-1)?._id ?? last;
	}
}

export const erasing: Partial<ServiceSchema> = {
	events: {
		"user.deleted": {
			durable: {},
			handler(this: ChatService, ctx: Context<DomainEvent<"user.deleted">>) {
				return eraseUser.call(this, ctx.params);
			},
		},
	} as unknown as ServiceSchema["events"], // Moleculer's types know no `durable`
};
