import { profile } from "../../config/profile.ts";
import { DomainError } from "../../contracts/errors.ts";
import type { EventDraft } from "../../contracts/events.ts";
import { type Cause, type Change, createEntity, type Mutation, mutate } from "../../mixins/store/versioned.ts";
import { withEnd } from "./erasure.ts";
import { isTombstone, type Order } from "./order.ts";
import type { OrdersService } from "./orders-base.ts";
import { ReadableOrder } from "./readable-order.ts";
import { giveBack } from "./stock.adapter.ts";
import { withStockOwed } from "./stock.ts";

// The two ways by which an order as people see it changes. Whatever has to follow every such write stands here, once.

/**
 * Tells the cache of a write: before, so that nobody is answered from it what is about to be replaced, and after, before the caller
 * goes on. Also when there turned out to be nothing to write: that mends what a process left that died between the two.
 */
const toldToCache = async <R>(
	{ cache }: OrdersService,
	id: string,
	write: () => Promise<R>,
	orderOf: (result: R) => Order | undefined,
): Promise<R> => {
	const writing = await cache.writing(id);
	let result: R;
	try {
		result = await write();
	} catch (error) {
		// A refusal is made before anything is written. Of everything else that is not certain, and the mark ends by itself.
		if (error instanceof DomainError) await writing.undone();
		throw error;
	}
	const order = orderOf(result);
	await (order ? writing.done(new ReadableOrder(order)) : writing.undone());
	return result;
};

/** As `createEntity`. What it answers may be a tombstone. */
export const createOrder = (
	service: OrdersService,
	order: Parameters<typeof createEntity<Order>>[1],
	events: readonly EventDraft[],
	cause: Cause,
): Promise<{ created: boolean; entity: Order }> =>
	toldToCache(
		service,
		order._id,
		() => createEntity<Order>(service.store.orders, order, events, cause),
		({ entity }) => entity,
	);

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
	const decideAll = (order: Order): Change | null =>
		isTombstone(order) ? null : withStockOwed(order, withEnd(order, decide(order), cause.at), due);
	const done = await toldToCache(
		service,
		id,
		() => mutate(service.store.orders, id, decideAll, cause, known),
		(result) => result?.entity,
	);
	if (!done || isTombstone(done.entity)) return null;
	if (done.changed) await giveStockBack(service, done.entity);
	return done;
};
