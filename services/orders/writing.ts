import type { EventDraft } from "../../contracts/events.ts";
import { type Cause, type Change, createEntity, type Mutation, mutate } from "../../mixins/store/versioned.ts";
import type { Order } from "./order.ts";
import type { OrdersService } from "./orders-base.ts";

// The two ways by which an order as people see it changes. Whatever has to follow every such write stands here, once.

/** As `createEntity`. */
export const createOrder = (
	{ store }: OrdersService,
	order: Parameters<typeof createEntity<Order>>[1],
	events: readonly EventDraft[],
	cause: Cause,
): Promise<{ created: boolean; entity: Order }> => createEntity<Order>(store.orders, order, events, cause);

/** As `mutate`. */
export const changeOrder = (
	{ store }: OrdersService,
	id: string,
	decide: (current: Order) => Change | null,
	cause: Cause,
	known?: Order,
): Promise<Mutation<Order> | null> => mutate(store.orders, id, decide, cause, known);
