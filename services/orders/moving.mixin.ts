import type { Context, ServiceSchema } from "moleculer";
import { profile } from "../../config/profile.ts";
import type { CallMeta } from "../../contracts/call.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { OrderAction, OrderView } from "../../contracts/http/orders.ts";
import { callerOf, causeOf, requestOf } from "../../mixins/call-meta/call-meta.ts";
import type { Move } from "./move-effects.ts";
import { decideMove } from "./moves.ts";
import { partiesOf } from "./order.ts";
import { viewAfterMove } from "./order-view.ts";
import { chargedBy, iso, type OrdersService, routeAction } from "./orders-base.ts";
import { checkPaymentMethod } from "./payment-methods.ts";
import { changeOrder } from "./writing.ts";

// The five moves of buyers and sellers. Each is one update that carries the new status, the history, the event and the record
// of the request. So a second run finds either nothing (and does it) or the record (and answers what the first one did).

type MoveContext<P> = Context<P & { id: string }, CallMeta>;

const make = async (service: OrdersService, ctx: MoveContext<object>, move: Move): Promise<OrderView> => {
	const caller = callerOf(ctx);
	const request = requestOf(ctx);
	const cause = causeOf(ctx);
	const { ifMatch } = ctx.meta;
	const answerDue = cause.at + profile().answerDeadline;
	const input = { caller, request, ifMatch, move, at: iso(cause.at), answerDue };
	const done = await changeOrder(
		service,
		ctx.params.id,
		(order) => {
			const decision = decideMove(order, input);
			return "change" in decision ? decision.change : null;
		},
		cause,
	);
	if (!done) throw new DomainError("NOT_FOUND");
	const record = done.entity.requests.find(({ key }) => key === request.key);
	if (!record) throw new Error(`order ${done.entity._id} was moved without a record of the request`);
	if (!done.changed) ctx.meta.replayed = request.named;
	// From the record, not from the order: after a lost answer it may already show what others did since.
	return viewAfterMove(done.entity, record.result, partiesOf(done.entity, caller));
};

/** Takes only the members that the move knows: whatever else the body had stays out. */
const moving = <P>(name: OrderAction, toMove: (params: P) => Move) =>
	routeAction<P & { id: string }, OrderView>(name, function (ctx) {
		return make(this, ctx, toMove(ctx.params));
	});

interface ShipParams {
	carrier: string;
	trackingNumber: string;
	estimatedDelivery?: string;
}

interface TrackingParams {
	status: string;
	location?: string;
	estimatedDelivery?: string;
}

export const orderMoving: Partial<ServiceSchema> = {
	actions: {
		cancel: moving<{ reason?: string }>("cancel", ({ reason }) => ({ action: "cancel", reason })),
		pay: moving<{ paymentMethod: string }>("pay", ({ paymentMethod }) => ({
			action: "pay",
			paymentMethod: checkPaymentMethod(paymentMethod, chargedBy()),
		})),
		ship: moving<ShipParams>("ship", ({ carrier, trackingNumber, estimatedDelivery }) => ({
			action: "ship",
			carrier,
			trackingNumber,
			estimatedDelivery,
		})),
		tracking: moving<TrackingParams>("tracking", ({ status, location, estimatedDelivery }) => ({
			action: "tracking",
			status,
			location,
			estimatedDelivery,
		})),
		deliver: moving("deliver", () => ({ action: "deliver" })),
	},
};
