import type { OrderStatus, OrderView } from "../../contracts/http/orders.ts";
import { guardFacts, type MoveResult, type Order, type OrderPayment, paymentIdOf } from "./order.ts";
import { allowedActions, type Party } from "./order-states.ts";

// What callers see of an order. Nothing here is stored, so a view can be made again from the entity at any time.

const paymentView = ({ id, status, method, declineCode }: OrderPayment): OrderView["payment"] => ({
	id,
	status,
	method,
	...(declineCode !== undefined && { declineCode }),
});

export const orderView = (order: Order, parties: readonly Party[]): OrderView => ({
	id: order._id,
	code: order.code,
	buyerId: order.buyerId,
	sellerId: order.sellerId,
	items: order.items,
	totals: order.totals,
	...(order.delivery && { delivery: order.delivery }),
	...(order.shipment && { shipment: order.shipment }),
	...(order.tracking.length > 0 && { tracking: order.tracking }),
	status: order.status,
	payment: paymentView(order.payment),
	allowed: allowedActions(order.status, guardFacts(order), parties),
	version: order.version,
	createdAt: order.createdAt,
	updatedAt: order.updatedAt,
});

/** The order as the POST that made it answered: for the first answer and for every repeat, whatever happened since. */
export const viewAsPlaced = (order: Order): OrderView => {
	const { shipment: _later, ...rest } = order;
	const first: Order = {
		...rest,
		status: "placed",
		payment: { id: paymentIdOf(order._id, 1), attempt: 1, status: "processing", method: order.firstMethod },
		tracking: [],
		version: 1,
		updatedAt: order.createdAt,
	};
	return orderView(first, ["buyer"]);
};

/** The order as a move left it. */
export const viewAfterMove = (order: Order, result: MoveResult, parties: readonly Party[]): OrderView => {
	const { shipment, ...rest } = order;
	const { version, status, payment, updatedAt } = result;
	const tracking = order.tracking.slice(0, result.tracked);
	return orderView(
		{ ...rest, ...(result.shipped && shipment && { shipment }), version, status, payment, tracking, updatedAt },
		parties,
	);
};

export const historyView = (order: Order): { items: Order["history"] } => ({ items: order.history });
export const statusView = (order: Order): { status: OrderStatus } => ({ status: order.status });
