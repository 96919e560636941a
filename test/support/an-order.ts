import type { OrderStatus, PaymentStatus } from "../../contracts/http/orders.ts";
import { newOrder, type Order, type OrderChange } from "../../services/orders/order.ts";

export const anInstant = "2026-01-02T03:04:05.000Z";

/** An order of two pieces at 99.00 MYR, as it was written; `change` moves it where a test wants it. */
export const anOrder = (change: Partial<Order> = {}): Order => {
	const price = { amount: 9900, currency: "MYR" };
	const total = { amount: 19800, currency: "MYR" };
	const body = newOrder({
		id: "order-1",
		number: 1,
		buyerId: "bea",
		sellerId: "sal",
		items: [{ productId: "1", name: "Chicken wing", quantity: 2, unitPrice: price, total }],
		totals: { goods: total, delivery: { amount: 0, currency: "MYR" }, total },
		paymentMethod: "sandbox_success",
		at: anInstant,
		answerDue: 1_000,
		expiresAt: Date.parse(anInstant) + 86_400_000,
	});
	return { _id: "order-1", version: 1, createdAt: anInstant, updatedAt: anInstant, ...body, ...change };
};

export const anOrderThatIs = (status: OrderStatus, payment: PaymentStatus = "processing", attempt = 1): Order => {
	const fresh = anOrder();
	return { ...fresh, status, payment: { ...fresh.payment, status: payment, attempt } };
};

/** What the store does with a change, for tests of decisions alone: set, unset, push, and the next version. */
export const withChange = (order: Order, change: OrderChange | null, at: string): Order => {
	if (!change) return order;
	const next: Record<string, unknown> = { ...order, ...change.set, version: order.version + 1, updatedAt: at };
	for (const field of change.unset ?? []) delete next[field];
	for (const [field, value] of Object.entries(change.push ?? {})) next[field] = [...(next[field] as unknown[]), value];
	return next as unknown as Order; // put together from an order, field by field
};
