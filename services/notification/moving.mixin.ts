import type { Context, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { InboxView, NotificationView } from "../../contracts/http/notifications.ts";
import { inboxOf } from "../../contracts/sockets.ts";
import { callerOf, causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import type { Entry } from "../../realtime/entry.ts";
import { flagsOf, type Move } from "./inbox.ts";
import { moveInbox, type Outcome } from "./moving.adapter.ts";
import { poster } from "./notification.ts";
import { type NotificationService, ofCaller, routeAction } from "./notification-base.ts";
import { itemOf } from "./reading.mixin.ts";

// Marking over REST. A second run finds it marked, or the record of its request.

type MoveContext<Params> = Context<Params, CallMeta>;

const make = async (service: NotificationService, ctx: MoveContext<unknown>, move: Move, seq?: number): Promise<Outcome> => {
	const stream = inboxOf(callerOf(ctx).id);
	const request = requestOf(ctx);
	const done = await moveInbox(service, stream, { move, seq, request, ifMatch: ctx.meta.ifMatch }, causeOf(ctx));
	if (done.replayed) ctx.meta.replayed = request.named;
	return done;
};

/** Of the caller's own. Throws NOT_FOUND. */
const entryOf = async ({ log }: NotificationService, ctx: MoveContext<{ id: string }>): Promise<Entry> => {
	const stream = inboxOf(callerOf(ctx).id);
	const [entry] = await log.posted(stream, [{ from: poster, id: ctx.params.id }]);
	if (!entry) throw new DomainError("NOT_FOUND");
	return entry;
};

const ofOne = (move: "read" | "unread" | "archive") =>
	routeAction<{ id: string }, NotificationView>(
		move,
		async function (ctx) {
			const entry = await entryOf(this, ctx);
			const { version, counters, flags = flagsOf(null, entry.seq) } = await make(this, ctx, move, entry.seq);
			return { ...itemOf(entry, flags), counters, version };
		},
		ofCaller,
	);

const ofAll = (move: "seen" | "readAll") =>
	routeAction<{ seq?: number }, InboxView>(
		move,
		async function (ctx) {
			const { version, counters } = await make(this, ctx, move, ctx.params.seq);
			return { version, counters };
		},
		ofCaller,
	);

export const moving: Partial<ServiceSchema> = {
	actions: {
		read: ofOne("read"),
		unread: ofOne("unread"),
		archive: ofOne("archive"),
		seen: ofAll("seen"),
		readAll: ofAll("readAll"),
	},
};
