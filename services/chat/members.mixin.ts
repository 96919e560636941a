import type { Context, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { ConversationView } from "../../contracts/http/chat.ts";
import { deriveId, pairId } from "../../contracts/ids.ts";
import { callerOf, causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import { mutate } from "../../mixins/store/versioned.ts";
import { blockId, blocksBetween, newBlock, requireNone } from "./block.ts";
import { tellChanged } from "./changes.mixin.ts";
import { conversationOf, type Handler, iso, nowIso, peopleOf, routeAction, settlePending } from "./chat-base.ts";
import { decideAdd, decideRemove, isMember, type MemberChange } from "./conversation.ts";
import { viewFor } from "./conversing.mixin.ts";
import { leaving, membershipId } from "./membership.ts";

// Who comes and goes, and who wants to hear nothing of whom. A change of members and the entry that tells of it are one write: the entry
// waits in the conversation until the log has it, and whoever looks at the conversation next sees to that.

const requirePerson = async (ctx: Context<unknown, CallMeta>, userId: string): Promise<void> => {
	const people = await peopleOf(ctx, [userId]);
	if (!people.get(userId)?.active) throw new DomainError("NOT_FOUND", "There is no such person");
};

const changeOf = (ctx: Context<{ userId: string }, CallMeta>, kind: string, at: number): MemberChange => ({
	by: callerOf(ctx).id,
	userId: ctx.params.userId,
	entryId: deriveId(kind, requestOf(ctx).key),
	at: iso(at),
});

interface MemberParams {
	streamId: string;
	userId: string;
}

const addMember: Handler<MemberParams, ConversationView> = async function (ctx) {
	const { streamId, userId } = ctx.params;
	const request = requestOf(ctx);
	const cause = causeOf(ctx);
	const change = changeOf(ctx, "joined", cause.at);
	// In this order: strangers learn nothing, neither of the conversation nor of people.
	const conversation = await conversationOf(this, streamId, change.by);
	if (!isMember(conversation, userId)) {
		await requirePerson(ctx, userId);
		requireNone(await this.store.blocks.findByIds(blocksBetween(change.by, [userId])));
	}
	const joinedSeq = await this.log.tail(streamId);
	const decided = (found: typeof conversation) => decideAdd(found, change, joinedSeq, request);
	const done = await mutate(this.store.conversations, streamId, decided, cause);
	if (!done) throw new DomainError("NOT_FOUND");
	if (!done.changed && done.entity.requests?.some(({ key }) => key === request.key)) ctx.meta.replayed = request.named;
	await this.counting.complete(done.entity);
	await settlePending(this, done.entity);
	await tellChanged(this, streamId);
	return viewFor(this, ctx, await conversationOf(this, streamId, change.by), change.by);
};

const removeMember: Handler<MemberParams, void> = async function (ctx) {
	const { streamId, userId } = ctx.params;
	const cause = causeOf(ctx);
	const change = changeOf(ctx, "left", cause.at);
	const done = await mutate(this.store.conversations, streamId, (found) => decideRemove(found, change), cause);
	if (!done) throw new DomainError("NOT_FOUND");
	await this.store.memberships.update({ _id: membershipId(streamId, userId) }, leaving);
	await settlePending(this, done.entity);
	await tellChanged(this, streamId);
};

const block: Handler<{ userId: string }, void> = async function (ctx) {
	const blocked = newBlock(callerOf(ctx).id, ctx.params.userId, nowIso());
	await requirePerson(ctx, blocked.userId);
	await this.store.blocks.create(blocked);
	await tellChanged(this, pairId(blocked.by, blocked.userId));
};

const unblock: Handler<{ userId: string }, void> = async function (ctx) {
	const { id } = callerOf(ctx);
	await this.store.blocks.remove({ _id: blockId(id, ctx.params.userId) });
	await tellChanged(this, pairId(id, ctx.params.userId));
};

export const members: Partial<ServiceSchema> = {
	actions: {
		addMember: routeAction("addMember", addMember, { param: "streamId" }),
		removeMember: routeAction("removeMember", removeMember, { param: "streamId" }),
		block: routeAction("block", block),
		unblock: routeAction("unblock", unblock),
	},
};
