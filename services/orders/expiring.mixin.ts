import type { Context, ServiceSchema } from "moleculer";
import Type from "typebox";
import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import { Id } from "../../contracts/http/common.ts";
import { typed } from "../../middlewares/typebox-validator.ts";
import { eachDue } from "../../mixins/batching/each-due.ts";
import { everyUnderLease, type LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import { awaitsPayment, decideExpiry, unknownOutcomes, unpaidStatuses } from "./expiry.ts";
import type { Order } from "./order.ts";
import { iso, type OrdersService } from "./orders-base.ts";
import { ask } from "./settling.mixin.ts";
import { changeOrder } from "./writing.ts";

// Orders that nobody pays for end after ORDER_EXPIRES_AFTER. One update carries the end, its history and its event, so a second run
// finds either the order as it was (and ends it) or one that has ended (and leaves it). An order whose payment's outcome is not
// known is not looked at: settling.mixin.ts asks about it, and what it hears makes the order due here, or paid.

/** False: it does not expire now. */
const expire = async (service: OrdersService, order: Order): Promise<boolean> => {
	// The provider waits for the buyer, or the buyer confirmed and the answer was lost: it has the last word.
	if (order.payment.status === "requires_action") await ask(service, order);
	const now = clock.now();
	const moment = { now, at: iso(now) };
	const done = await changeOrder(service, order._id, (current) => decideExpiry(current, moment), { at: now });
	return done?.changed ?? false;
};

/** Ends all orders whose time is over, the longest overdue first, until none is left or the lease is lost. */
export async function expireOrders(this: OrdersService, signal: AbortSignal): Promise<void> {
	const where = {
		expiresAt: { $lte: clock.now() },
		status: { $in: unpaidStatuses },
		"payment.status": { $nin: unknownOutcomes },
	};
	const failures = await eachDue<Order>({
		find: (page) => this.store.orders.find({ where, sort: [["expiresAt", 1]], ...page }),
		work: (order) => expire(this, order),
		signal,
	});
	if (failures.length > 0)
		this.logger.warn(`${failures.length} orders could not be ended, the next round comes; the first one:`, failures[0]);
}

export const startExpiring = (service: OrdersService): LeasedJob => {
	const { reconcileEvery, leaseTimeout } = profile();
	return everyUnderLease({
		name: "orders.expiry",
		leases: service.store.leases,
		timeoutMs: leaseTimeout,
		everyMs: reconcileEvery,
		run: (signal) => expireOrders.call(service, signal),
		logger: service.logger,
	});
};

const AwaitsParams = Type.Object({ orderId: Id, paymentId: Id });

/** Whether an order still waits for that payment: false too for one whose time is over, or that nobody knows. */
async function awaits(this: OrdersService, { params }: Context<{ orderId: string; paymentId: string }>): Promise<boolean> {
	const order = await this.store.orders.findById(params.orderId);
	return order !== null && awaitsPayment(order, params.paymentId, clock.now());
}

export const expiring = {
	actions: {
		awaitsPayment: { visibility: "public", params: typed(AwaitsParams), handler: awaits },
	},
} as unknown as Partial<ServiceSchema>; // the cast is for `this`: a mixin cannot tell Moleculer's types which service it will be part of
