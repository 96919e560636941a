import assert from "node:assert/strict";
import { clock } from "../../config/clock.ts";
import type { Order } from "../../services/orders/order.ts";
import type { OrdersService } from "../../services/orders/orders-base.ts";
import { reconcileStock } from "../../services/orders/stock-keeping.adapter.ts";

/** Runs `work` at a time when every reservation is too old. */
export const muchLater = async (work: () => Promise<void>): Promise<void> => {
	const { now } = clock;
	clock.now = () => now() + 3_600_000;
	try {
		await work();
	} finally {
		clock.now = now;
	}
};

/** As the reconciler does when its time has come; twice, because returns are forgotten only after their orders took note. */
export const reconcile = (service: OrdersService): Promise<void> =>
	muchLater(async () => {
		const { signal } = new AbortController();
		await reconcileStock(service, signal);
		await reconcileStock(service, signal);
	});

const piecesOf = ({ reservation, status }: Order, productId: string): number => {
	if (status === "cancelled" || status === "expired") return 0;
	return reservation?.items.find((item) => item.productId === productId)?.quantity ?? 0;
};

/** Pieces that orders hold or have bought. */
export const soldOf = async ({ store }: OrdersService, productId: string): Promise<number> => {
	const orders = await store.orders.find({ where: { "reservation.items.productId": productId } });
	return orders.reduce((sum, order) => sum + piecesOf(order, productId), 0);
};

/** What was there is in stock or in orders, and nothing is left to do. */
export const assertAddsUp = async (service: OrdersService, productId: string, initial: number, what: string): Promise<void> => {
	const [product, sold, due] = await Promise.all([
		service.store.products.findById(productId),
		soldOf(service, productId),
		service.store.orders.count({ stockDue: { $exists: true } }),
	]);
	assert.equal((product?.stock ?? Number.NaN) + sold, initial, `${what}: ${product?.stock} in stock, ${sold} in orders`);
	assert.deepEqual([product?.holds ?? [], product?.returns ?? [], product?.stockDue], [[], [], undefined], what);
	assert.equal(due, 0, what);
};
