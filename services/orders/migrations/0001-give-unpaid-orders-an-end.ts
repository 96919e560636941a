import { profile } from "../../../config/profile.ts";
import type { StoreControl } from "../../../mixins/store/store.ts";
import { unpaidStatuses } from "../expiry.ts";
import type { Order } from "../order.ts";

// Orders that were placed before orders expired have no time at which they do: they would wait for their payment for ever.

const pageSize = 200;

/** A plain update, no change of the order: nobody sees it, and the version stays. A second run goes on with those that are left. */
export const up = async (store: StoreControl, signal: AbortSignal): Promise<void> => {
	const orders = store.collection<Order>("orders");
	const where = { status: { $in: unpaidStatuses }, expiresAt: { $exists: false } };
	for (let full = true; full; ) {
		signal.throwIfAborted();
		const found = await orders.find({ where, limit: pageSize });
		await orders.updateMany(
			found.map(({ _id, createdAt }) => ({
				where: { ...where, _id },
				update: { $set: { expiresAt: Date.parse(createdAt) + profile().orderExpiresAfter } },
			})),
		);
		full = found.length === pageSize;
	}
};

/** They expire no more; a version that knows no expiry does not look at it. */
export const down = async (store: StoreControl, signal: AbortSignal): Promise<void> => {
	const orders = store.collection<Order>("orders");
	for (let full = true; full; ) {
		signal.throwIfAborted();
		const found = await orders.find({ where: { expiresAt: { $exists: true } }, limit: pageSize });
		await orders.updateMany(found.map(({ _id }) => ({ where: { _id }, update: { $unset: { expiresAt: true } } })));
		full = found.length === pageSize;
	}
};
