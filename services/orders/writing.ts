import { profile } from "../../config/profile.ts";
import type { EventDraft } from "../../contracts/events.ts";
import { type Cause, type Change, createEntity, type Mutation, mutate } from "../../mixins/store/versioned.ts";
import { isTombstone, type Order } from "./order.ts";
import type { OrdersService } from "./orders-base.ts";
import { giveBack } from "./stock.adapter.ts";
import { withStockOwed } from "./stock.ts";

// The two ways by which an order as people see it changes. Whatever has to follow every such write stands here, once.

/** As `createEntity`. What it answers may be a tombstone. */
export const createOrder = (
	{ store }: OrdersService,
	order: Parameters<typeof createEntity<Order>>[1],
	events: readonly EventDraft[],
	cause: Cause,
): Promise<{ created: boolean; entity: Order }> => createEntity<Order>(store.orders, order, events, cause);

/** The change is durable and says that the stock is owed: what fails here the reconciler does. */
const giveStockBack = async (service: OrdersService, order: Order): Promise<void> => {
	try {
		await giveBack(service, order);
	} catch (error) {
		service.logger.warn(`The stock of order ${order._id} was not given back yet:`, error);
	}
};

/** As `mutate`. A tombstone is not there. */
export const changeOrder = async (
	service: OrdersService,
	id: string,
	decide: (current: Order) => Change | null,
	cause: Cause,
	known?: Order,
): Promise<Mutation<Order> | null> => {
	const due = cause.at + profile().reconcileEvery;
	const decideAll = (order: Order): Change | null => (isTombstone(order) ? null : withStockOwed(order, decide(order), due));
	const done = await mutate(service.store.orders, id, decideAll, cause, known);
	if (!done || isTombstone(done.entity)) return null;
	if (done.changed) await giveStockBack(service, done.entity);
	return done;
};
