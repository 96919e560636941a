import type { ShopOrder, ShopOrderStatus, ShopPaymentStatus } from "../../../contracts/http/older/shop.ts";
import type { OrderStatus, OrderView, PaymentStatus } from "../../../contracts/http/orders.ts";
import { moneyText } from "./money-words.ts";

// Orders in the words of the first web shop.

const orderStatuses: Readonly<Record<OrderStatus, ShopOrderStatus>> = {
	placed: "Processing",
	paid: "Success",
	shipped: "Success",
	delivered: "Success",
	payment_declined: "Declined",
	cancelled: "Cancelled",
	expired: "Cancelled",
};

const paymentStatuses: Readonly<Record<PaymentStatus, ShopPaymentStatus>> = {
	processing: "Processing",
	requires_action: "Processing",
	authorized: "Processing",
	captured: "Success",
	partially_refunded: "Success",
	declined: "Declined",
	// No money was taken, so there is none that came back.
	voided: "Declined",
	refunded: "Refunded",
};

// The views' schemas hold these words, but their types say no more than string.
export const shopOrderStatus = (status: OrderView["status"]): ShopOrderStatus => orderStatuses[status as OrderStatus];
export const shopPaymentStatus = (status: OrderView["payment"]["status"]): ShopPaymentStatus =>
	paymentStatuses[status as PaymentStatus];

const productName = ([first, ...more]: OrderView["items"]): string =>
	`${first?.name ?? ""}${more.length > 0 ? ` and ${more.length} more` : ""}`;

export const shopOrder = (order: OrderView): ShopOrder => ({
	id: order.id,
	userId: order.buyerId,
	productId: order.items[0]?.productId ?? "",
	productName: productName(order.items),
	totalOrderAmount: moneyText(order.totals.total),
	orderStatus: shopOrderStatus(order.status),
	paymentStatus: shopPaymentStatus(order.payment.status),
	created_at: order.createdAt,
	updated_at: order.updatedAt,
});
