import type { Context, Service, ServiceSchema } from "moleculer";
import Type from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import { type ActiveStream, type ActiveStreams, adminRoutes, type InboxState } from "../../contracts/http/admin.ts";
import { adminOf } from "../../mixins/call-meta/call-meta.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, toPage } from "../../mixins/paging/page.ts";
import { routeActions } from "../../mixins/route-actions/route-actions.ts";
import type { AskedStreams } from "../../mixins/streams/active-streams.ts";
import { type RingName, ringNames } from "../../realtime/ring.ts";

// What operators see of streams on all nodes, and of one person's inbox.

const routeAction = routeActions<Service>("gateway", adminRoutes);

type Call<Params> = Context<Params, CallMeta>;
type KnownInbox = InboxState & { known: boolean };

/** A node that is stopped must not hold up the list. */
const answerMs = 1_000;

interface Place {
	ring: RingName;
	node: string;
}

interface Endpoints {
	endpoints: readonly { id: string; isAvailable: boolean }[];
}

/** Each node that has streams of a ring, whether or not it is on it: one that was drained may have some left. */
const placesOf = ({ broker }: Service, node: string | undefined): Place[] =>
	ringNames.flatMap((ring) => {
		const found = broker.registry.actions.get(`${ring}.streams`) as unknown as Endpoints | undefined;
		const nodes = (found?.endpoints ?? []).filter(({ id }) => node === undefined || id === node);
		return nodes.map(({ id }) => ({ ring, node: id }));
	});

const Position = Type.Object({ stream: Type.String(), on: Type.String() });

/** In the order of the list: a stream that moves may be on two nodes. */
const isBehind = ({ id, node }: ActiveStream, { stream, on }: { stream: string; on: string }): boolean =>
	id === stream ? node > on : id > stream;

const inOrder = (a: ActiveStream, b: ActiveStream): number => (isBehind(a, { stream: b.id, on: b.node }) ? 1 : -1);

async function streams(this: Service, ctx: Call<{ node?: string; limit?: number; cursor?: string }>): Promise<ActiveStreams> {
	adminOf(ctx);
	const { node, limit = defaultLimit, cursor } = ctx.params;
	const after = cursor === undefined ? { stream: "", on: "" } : decodeCursor(cursor, Position);
	const silent = new Set<string>();
	const ask = async ({ ring, node: nodeID }: Place): Promise<ActiveStream[]> => {
		const options = { nodeID, timeout: answerMs, retries: 0 };
		try {
			// Two more: the last of the page before, which comes again, and the one that tells that there is a next.
			return await ctx.call<ActiveStream[], AskedStreams>(`${ring}.streams`, { from: after.stream, limit: limit + 2 }, options);
		} catch (error) {
			this.logger.warn(`${nodeID} does not tell its streams: ${(error as Error).message}`);
			silent.add(nodeID);
			return [];
		}
	};
	const found = (await Promise.all(placesOf(this, node).map(ask))).flat().filter((row) => isBehind(row, after));
	const page = toPage(found.sort(inOrder), limit, (row) => row, ({ id, node: on }) => ({ stream: id, on })); // biome-ignore format: one line
	return { ...page, silent: [...silent].sort() };
}

async function inboxState(this: Service, ctx: Call<{ userId: string }>): Promise<InboxState> {
	adminOf(ctx);
	const { userId } = ctx.params;
	const { known, ...state } = await ctx.call<KnownInbox, { userId: string }>("notification.inboxState", { userId });
	// Somebody to whom nothing has happened yet has one all the same.
	const exists = known || (await ctx.call<object | null, { id: string }>("auth.resolve", { id: userId })) !== null;
	if (!exists) throw new DomainError("NOT_FOUND");
	return state;
}

export const watching: Partial<ServiceSchema> = {
	actions: { streams: routeAction("streams", streams), inboxState: routeAction("inboxState", inboxState) },
};
