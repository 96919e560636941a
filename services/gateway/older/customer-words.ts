import type { CustomerOrder, CustomerOrderStatus } from "../../../contracts/http/older/customers.ts";
import { type OrderStatus, type OrderView, orderStatuses } from "../../../contracts/http/orders.ts";
import { moneyNumber } from "./money-words.ts";

// Orders in the words of the order service for customers.

const statuses: Readonly<Record<OrderStatus, CustomerOrderStatus>> = {
	placed: "pending",
	payment_declined: "pending",
	paid: "paid",
	shipped: "shipped",
	delivered: "shipped",
	cancelled: "cancelled",
	expired: "cancelled",
};

// The view's schema holds these words, but its type says no more than string.
export const customerOrderStatus = (status: OrderView["status"]): CustomerOrderStatus => statuses[status as OrderStatus];

/** What our orders may be in when older clients ask for one of their words. */
export const statusesCalled = (word: CustomerOrderStatus): OrderStatus[] =>
	orderStatuses.filter((status) => statuses[status] === word);

export const customerOrder = (order: OrderView): CustomerOrder => ({
	orderId: order.id,
	orderCode: order.code,
	userId: order.buyerId,
	items: order.items.map(({ productId, name, quantity, unitPrice }) => ({
		productId,
		name,
		quantity,
		price: moneyNumber(unitPrice),
	})),
	totalAmount: moneyNumber(order.totals.total),
	currency: order.totals.total.currency,
	status: customerOrderStatus(order.status),
	createdAt: order.createdAt,
});
