import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import { everyUnderLease, type LeasedJob } from "../../mixins/lease/every-under-lease.ts";
import type { Collection, Document } from "../../mixins/store/port.ts";
import type { Product } from "./catalogue.ts";
import type { Order } from "./order.ts";
import { iso, type OrdersService } from "./orders-base.ts";
import { giveBack } from "./stock.adapter.ts";
import {
	forgetStep,
	type Hold,
	isOwnHold,
	overdueHolds,
	type Pace,
	putBackStep,
	rescheduleStep,
	type Step,
	settleStep,
} from "./stock.ts";

// Does what dead and lost attempts left behind: gives back the stock of orders that are over, and of orders that never came to be.

const pace = (): Pace => ({ graceMs: profile().reservationGrace, everyMs: profile().reconcileEvery });

/** The order under that id, or from now on a tombstone: an order that is written late finds its id taken. */
const orderOrTombstone = async ({ store }: OrdersService, id: string): Promise<Order> => {
	const at = iso(clock.now());
	const tombstone = { _id: id, tombstone: true, version: 1, createdAt: at, updatedAt: at };
	return (await store.orders.create(tombstone as unknown as Order)).document; // none of an order's fields but these
};

const stepFor = async (service: OrdersService, product: Product, hold: Hold, orders: Map<string, Order>): Promise<Step> => {
	const order = orders.get(hold.orderId) ?? (await orderOrTombstone(service, hold.orderId));
	if (isOwnHold(hold, order)) return settleStep(product._id, [hold.token]);
	service.logger.info(
		`${hold.quantity} of product ${product._id} were held for order ${hold.orderId}, which has no use for them`,
	);
	return putBackStep(product._id, hold);
};

/** Looks into holds that are too old, and forgets returns that their orders have taken note of. */
const tend = async (service: OrdersService, product: Product): Promise<void> => {
	const { products, orders } = service.store;
	const now = clock.now();
	const holds = overdueHolds(product, now, pace());
	const { returns = [] } = product;
	const found = await orders.findByIds([...new Set([...holds, ...returns].map(({ orderId }) => orderId))]);
	const byId = new Map(found.map((order) => [order._id, order]));
	const steps = await Promise.all(holds.map((hold) => stepFor(service, product, hold, byId)));
	const known = returns.filter(({ orderId }) => byId.get(orderId)?.stockDue === undefined).map(({ token }) => token);
	if (known.length > 0) steps.push(forgetStep(product, known));
	if (steps.length > 0) await products.updateMany(steps);
	const after = await products.findById(product._id);
	if (!after) return;
	const { where, update } = rescheduleStep(after, now, pace());
	await products.update(where, update);
};

const batchSize = 50;

/** All that is due, in pages; those that could not be done are left for the next round and do not hold up the others. */
const inPages = async <T extends Document & { stockDue?: number }>(
	{ logger }: OrdersService,
	collection: Collection<T>,
	signal: AbortSignal,
	work: (document: T) => Promise<void>,
): Promise<void> => {
	const now = clock.now();
	let skip = 0;
	for (let full = true; full && !signal.aborted; ) {
		const due = await collection.find({ where: { stockDue: { $lte: now } }, sort: [["stockDue", 1]], limit: batchSize, skip });
		const results = await Promise.allSettled(due.map(work));
		for (const [index, result] of results.entries()) {
			if (result.status === "rejected") logger.warn(`The stock of ${collection.name} ${due[index]?._id}:`, result.reason);
		}
		const left = await collection.findByIds(due.map(({ _id }) => _id));
		skip += left.filter(({ stockDue }) => stockDue !== undefined && stockDue <= now).length;
		full = due.length === batchSize;
	}
};

/** Orders first: what they give back the second part may forget. */
export const reconcileStock = async (service: OrdersService, signal: AbortSignal): Promise<void> => {
	const { orders, products } = service.store;
	await inPages(service, orders, signal, (order) => giveBack(service, order));
	await inPages(service, products, signal, (product) => tend(service, product));
};

export const startKeepingStock = (service: OrdersService): LeasedJob => {
	const { reconcileEvery, leaseTimeout } = profile();
	return everyUnderLease({
		name: "orders.stock",
		leases: service.store.leases,
		timeoutMs: leaseTimeout,
		everyMs: reconcileEvery,
		run: (signal) => reconcileStock(service, signal),
		logger: service.logger,
	});
};
