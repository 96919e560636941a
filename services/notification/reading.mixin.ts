import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import type { CallMeta } from "../../contracts/call.ts";
import type { NotificationItem } from "../../contracts/http/notifications.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import type { CountersMessage } from "../../contracts/stream-messages.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { callerOf } from "../../mixins/call-meta/call-meta.ts";
import { decodeCursor } from "../../mixins/paging/cursor.ts";
import { defaultLimit, type PageOf, toPage } from "../../mixins/paging/page.ts";
import type { Entry } from "../../realtime/entry.ts";
import { type Filter, type Flags, flagsOf, pageOf, type States, sliceOf } from "./inbox.ts";
import { type Handler, type NotificationService, ofCaller, routeAction } from "./notification-base.ts";

// Opening an inbox: its document, the end of its log, and the entries of one page. That is all, whatever its size.

export const itemOf = ({ id, seq, at, body, erased }: Entry, flags: Flags): NotificationItem => ({
	id,
	seq,
	at,
	...flags,
	body: body as NotificationItem["body"], // what this service has posted
	...(erased && { erased }),
});

/** In this order. */
export const itemsAt = async (
	{ log }: NotificationService,
	stream: string,
	states: States | null,
	seqs: readonly number[],
): Promise<NotificationItem[]> => {
	const found = await log.atMany(seqs.map((seq) => ({ stream, seq })));
	const entries = new Map(found.map((entry) => [entry.seq, entry]));
	return seqs.flatMap((seq) => {
		const entry = entries.get(seq);
		return entry ? [itemOf(entry, flagsOf(states, seq))] : [];
	});
};

interface ListParams {
	filter?: Filter;
	limit?: number;
	cursor?: string;
}

const Position = Type.Object({ before: Type.Integer({ minimum: 1 }) });

type Answer = PageOf<NotificationItem> & { counters: CountersMessage };

const list: Handler<ListParams, Answer> = async function (ctx) {
	const stream = inboxOf(callerOf(ctx).id);
	const { filter, limit = defaultLimit, cursor } = ctx.params;
	const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(cursor, Position).before;
	const { inbox, tail, counters } = await this.bell.standing(stream);
	const seqs = pageOf(inbox, tail, filter, before, limit + 1);
	const { items, nextCursor } = toPage(seqs, limit, (seq) => seq, (seq) => ({ before: seq })); // biome-ignore format: one line
	return { items: await itemsAt(this, stream, inbox, items), nextCursor, counters };
};

interface Slice {
	items: NotificationItem[];
	/** Of all that are not archived. */
	total: number;
}

/** Pages by number, for those who know no cursors: what comes meanwhile moves them on. */
async function slice(this: NotificationService, ctx: Context<{ skip: number; limit: number }, CallMeta>): Promise<Slice> {
	const stream = inboxOf(callerOf(ctx).id);
	const { inbox, tail } = await this.bell.standing(stream);
	const { seqs, total } = sliceOf(inbox, tail, ctx.params.skip, ctx.params.limit);
	return { items: await itemsAt(this, stream, inbox, seqs), total };
}

export const reading: Partial<ServiceSchema> = {
	actions: {
		list: routeAction("list", list, ofCaller),
		slice: {
			visibility: "public",
			stream: ofCaller,
			params: typed(Type.Object({ skip: Type.Integer({ minimum: 0 }), limit: Type.Integer({ minimum: 1, maximum: 100 }) })),
			handler: slice,
		},
	} as unknown as NonNullable<ServiceSchema["actions"]>, // Moleculer's types do not know whose `this` it is, nor any `stream`
};
