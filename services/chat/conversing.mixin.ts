import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { ConversationView } from "../../contracts/http/chat.ts";
import { deriveId } from "../../contracts/ids.ts";
import { callerOf, causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import { createEntity } from "../../mixins/store/versioned.ts";
import { blocksBetween, requireNone } from "./block.ts";
import { type ChatService, conversationOf, type Handler, iso, namesOf, nowIso, peopleOf, routeAction } from "./chat-base.ts";
import { type Conversation, checkPair, isMember, isReplay, memberIdsOf, newConversation, othersOf } from "./conversation.ts";
import { active, conversationView, forEver, type Membership, membershipId, viewAsMade } from "./membership.ts";

// Opening and listing conversations.

/** The conversation as this member sees it now. */
export const viewFor = async (
	chat: ChatService,
	ctx: Context<unknown, CallMeta>,
	conversation: Conversation,
	userId: string,
): Promise<ConversationView> => {
	const [rows, names] = await Promise.all([chat.counting.complete(conversation), namesOf(ctx, memberIdsOf(conversation))]);
	const row = rows.find((membership) => membership.userId === userId);
	if (!row) throw new DomainError("NOT_FOUND"); // shown out this very moment
	return conversationView(conversation, row, names, nowIso());
};

interface OpenParams {
	memberIds: string[];
	title?: string;
}

type OpenContext = Context<OpenParams, CallMeta>;

/** Those who can be talked to: they are there, are active, and have not blocked the caller or been blocked. */
const requireReachable = async (chat: ChatService, ctx: OpenContext, callerId: string, others: string[]): Promise<void> => {
	const people = await peopleOf(ctx, others);
	const nobody = ctx.params.memberIds.findIndex((id) => !people.get(id)?.active);
	if (nobody >= 0) {
		const errors = [{ pointer: `/memberIds/${nobody}`, detail: "is nobody" }];
		throw new DomainError("NOT_FOUND", "There is no such person", { errors });
	}
	if (others.length > 1) requireNone(await chat.store.blocks.findByIds(blocksBetween(callerId, others)));
};

const replay = (ctx: OpenContext, conversation: Conversation, names: ReadonlyMap<string, string>): ConversationView => {
	ctx.meta.replayed = requestOf(ctx).named;
	return viewAsMade(conversation, names);
};

// A second run finds the conversation (a pair by its members, a group by its request) and makes the rows that are missing.
const open: Handler<OpenParams, ConversationView> = async function (ctx) {
	const { id: creatorId } = callerOf(ctx);
	const request = requestOf(ctx);
	const others = othersOf(creatorId, ctx.params.memberIds);
	const made = request.named ? await this.store.conversations.findOne({ "request.key": request.key }) : null;
	if (made && isReplay(made, request)) {
		await this.counting.complete(made);
		return replay(ctx, made, await namesOf(ctx, made.founders));
	}
	await requireReachable(this, ctx, creatorId, others);
	const cause = causeOf(ctx);
	const { title } = ctx.params;
	const newId = deriveId("conversation", request.key);
	const draft = newConversation({ creatorId, others, title, request, newId, at: iso(cause.at) });
	const { created, entity } = await createEntity<Conversation>(this.store.conversations, draft, [], cause);
	await this.counting.complete(entity);
	if (!created && isReplay(entity, request)) return replay(ctx, entity, await namesOf(ctx, entity.founders));
	checkPair(entity, draft.founders);
	if (created) return viewAsMade(entity, await namesOf(ctx, entity.founders));
	ctx.meta.status = 200;
	return viewFor(this, ctx, entity, creatorId);
};

interface ListParams {
	limit?: number;
	cursor?: string;
}

const Position = Type.Object({ below: Type.String() });

/** Folds what came to these conversations and was not counted, as after a crash. One command tells which they are. */
const catchUp = async (chat: ChatService, conversations: readonly Conversation[]): Promise<boolean> => {
	const places = conversations.map(({ _id, lastSeq }) => ({ stream: _id, seq: lastSeq + 1 }));
	const behind = await chat.log.atMany(places);
	await Promise.all(behind.map(({ stream }) => chat.counting.fold(stream)));
	return behind.length > 0;
};

const conversationsOf = (chat: ChatService, rows: readonly Membership[]): Promise<Conversation[]> =>
	chat.store.conversations.findByIds(rows.map(({ streamId }) => streamId));

const list: Handler<ListParams, PageOf<ConversationView>> = async function (ctx) {
	const { id: userId } = callerOf(ctx);
	const { limit = defaultLimit, cursor } = ctx.params;
	const below = cursor === undefined ? undefined : decodeCursor(cursor, Position).below;
	const where = { userId, activityKey: { ...active, ...(below !== undefined && { $lt: below }) } };
	const page = async (): Promise<Membership[]> =>
		this.store.memberships.find({ where, sort: [["activityKey", -1]], limit: limit + 1 });
	let rows = await page();
	let conversations = await conversationsOf(this, rows);
	if (await catchUp(this, conversations)) {
		rows = await page();
		conversations = await conversationsOf(this, rows);
	}
	// A row may outlive its membership by a crash: the conversation decides.
	const mine = new Map(conversations.filter((one) => isMember(one, userId)).map((one) => [one._id, one]));
	const names = await namesOf(ctx, [...mine.values()].flatMap(memberIdsOf));
	const now = nowIso();
	const view = (row: Membership): ConversationView | null => {
		const conversation = mine.get(row.streamId);
		return conversation ? conversationView(conversation, row, names, now) : null;
	};
	const { items, nextCursor } = toPage(rows, limit, view, ({ activityKey }) => ({ below: activityKey }));
	return { items: items.filter((item) => item !== null), nextCursor };
};

const get: Handler<{ streamId: string }, ConversationView> = async function (ctx) {
	const { id: userId } = callerOf(ctx);
	const { streamId } = ctx.params;
	const conversation = await conversationOf(this, streamId, userId);
	if (!(await catchUp(this, [conversation]))) return viewFor(this, ctx, conversation, userId);
	return viewFor(this, ctx, await conversationOf(this, streamId, userId), userId);
};

/** As all times are kept: in UTC and of one length. */
const momentOf = (until: string): string => {
	const at = Date.parse(until);
	if (!Number.isNaN(at)) return iso(at);
	const errors = [{ pointer: "/until", detail: "is no time" }]; // 23:59:60 is a date-time and no moment of ours
	throw new DomainError("VALIDATION", "The time is not one", { errors });
};

const mute: Handler<{ streamId: string; until?: string }, ConversationView> = async function (ctx) {
	const { id: userId } = callerOf(ctx);
	const { streamId, until } = ctx.params;
	const conversation = await conversationOf(this, streamId, userId);
	await this.counting.complete(conversation);
	const mutedUntil = until === undefined ? forEver : momentOf(until);
	const update = mutedUntil <= nowIso() ? { $unset: { mutedUntil: true } as const } : { $set: { mutedUntil } };
	await this.store.memberships.update({ _id: membershipId(streamId, userId) }, update);
	return viewFor(this, ctx, conversation, userId);
};

export const conversing: Partial<ServiceSchema> = {
	actions: {
		open: routeAction("open", open),
		list: routeAction("list", list),
		get: routeAction("get", get),
		mute: routeAction("mute", mute),
	},
};
