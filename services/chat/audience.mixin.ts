import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { EntrySeq, StreamId } from "../../contracts/stream-entries.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { blockId } from "./block.ts";
import { type ChatService, nowIso } from "./chat-base.ts";
import { listeners, type Question } from "./listening.ts";
import { membershipId } from "./membership.ts";

// Who is told of a message by other means, because they do not see it here. Three commands, however large the group, and
// none for those who follow, which is known here.

/** A node that does not answer within this many ms has followers who see nothing new either. */
const othersAnswerMs = 1_000;
const followingAction = "chat.following";

const idsInPages = (ids: readonly string[], size = 500): string[][] =>
	Array.from({ length: Math.ceil(ids.length / size) }, (_, page) => ids.slice(page * size, (page + 1) * size));

const inPages = async <T>(ids: readonly string[], find: (page: string[]) => Promise<T[]>): Promise<T[]> =>
	(await Promise.all(idsInPages(ids).map(find))).flat();

const quietHere = async (chat: ChatService, question: Question): Promise<string[]> => {
	const { conversations, memberships, blocks } = chat.store;
	const { streamId, senderId } = question;
	const here = chat.engine.following(streamId);
	const userIds = question.userIds.filter((id) => id !== senderId && !here.has(id));
	// Of a group that is all there, and talks, nothing is read for each of its messages.
	if (userIds.length === 0) return [];
	const rowIds = userIds.map((id) => membershipId(streamId, id));
	const [conversation, rows, blocked] = await Promise.all([
		conversations.findById(streamId),
		inPages(rowIds, (ids) => memberships.findByIds(ids)),
		inPages(
			userIds.map((id) => blockId(id, senderId)),
			(ids) => blocks.findByIds(ids),
		),
	]);
	return listeners(
		{ ...question, userIds },
		{
			conversation,
			memberships: rows,
			blockedBy: new Set(blocked.map(({ by }) => by)),
			following: chat.engine.following(streamId),
			now: nowIso(),
		},
	);
};

interface Endpoints {
	endpoints: readonly { id: string; isAvailable: boolean }[];
}

/** Other nodes that offer conversations now. */
const othersOf = ({ broker }: ChatService): string[] => {
	const found = broker.registry.actions.get(followingAction) as unknown as Endpoints | undefined;
	return (found?.endpoints ?? []).filter(({ id, isAvailable }) => isAvailable && id !== broker.nodeID).map(({ id }) => id);
};

/** While a stream moves, some of its followers are still where it was, or already where it will be. */
const followingElsewhere = async (chat: ChatService, streamId: string, userIds: readonly string[]): Promise<Set<string>> => {
	const ask = async (nodeID: string): Promise<string[]> => {
		try {
			return await chat.broker.call(followingAction, { streamId, userIds }, { nodeID, timeout: othersAnswerMs, retries: 0 });
		} catch (error) {
			chat.logger.debug(`${nodeID} did not say who follows ${streamId}: ${(error as Error).message}`);
			return [];
		}
	};
	return new Set((await Promise.all(othersOf(chat).map(ask))).flat());
};

/** Of these members those who want to be told: see `listeners`. Called where the stream's followers are. */
async function audience(this: ChatService, ctx: Context<Question>): Promise<{ userIds: string[] }> {
	const { streamId } = ctx.params;
	const here = await quietHere(this, ctx.params);
	if (here.length === 0) return { userIds: [] };
	const elsewhere = await followingElsewhere(this, streamId, here);
	return { userIds: here.filter((id) => !elsewhere.has(id)) };
}

/** Which of these follow on this node. */
async function following(this: ChatService, ctx: Context<Pick<Question, "streamId" | "userIds">>): Promise<string[]> {
	const here = this.engine.following(ctx.params.streamId);
	return ctx.params.userIds.filter((id) => here.has(id));
}

const People = Type.Array(Type.String(), { maxItems: 100_000 });
const QuestionParams = Type.Object({ streamId: StreamId, senderId: Type.String(), seq: EntrySeq, userIds: People });

export const hearing: Partial<ServiceSchema> = {
	actions: {
		audience: {
			stream: { param: "streamId" },
			visibility: "public",
			params: typed(QuestionParams),
			handler: audience,
		},
		following: {
			visibility: "public",
			params: typed(Type.Object({ streamId: StreamId, userIds: People })),
			handler: following,
		},
	} as unknown as NonNullable<ServiceSchema["actions"]>, // Moleculer's types know neither `stream` nor whose `this` it is
};
