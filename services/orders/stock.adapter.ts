import { setTimeout as delay } from "node:timers/promises";
import { clock } from "../../config/clock.ts";
import { profile } from "../../config/profile.ts";
import { newId } from "../../contracts/ids.ts";
import { StoreUnavailable, WriteUncertain } from "../../mixins/store/errors.ts";
import { Contended } from "../../mixins/store/versioned.ts";
import type { Product } from "./catalogue.ts";
import type { Order } from "./order.ts";
import type { HoldKey, OrdersService } from "./orders-base.ts";
import type { RequestedItem } from "./pricing.ts";
import {
	giveBackStep,
	holdsFor,
	outOfStock,
	putBackStep,
	type Reservation,
	type Step,
	type StockItem,
	settleStep,
	shortages,
	stockedItems,
	takeStep,
	wasGivenBack,
} from "./stock.ts";

// Carries out the steps of stock.ts. What is not carried out here, because the process died or the store was away, is found and
// done by the reconciler (stock-keeping.adapter.ts).

const tries = 16;
const longestPause = 100;
const pause = (attempt: number): Promise<void> => delay(Math.random() * Math.min(longestPause, 2 ** attempt));

const apply = ({ store }: OrdersService, { where, update }: Step): Promise<Product | null> =>
	store.products.update(where, update);

export interface Attempt {
	orderId: string;
	requested: readonly RequestedItem[];
	/** Epoch ms. */
	at: number;
}

type Hold = Attempt & StockItem & { token: string };

/** After a lost answer: the hold is there, or it may yet come, and then nobody must rely on its token. */
const findHold = async (service: OrdersService, { productId, token }: Hold, lost: WriteUncertain): Promise<void> => {
	const product = await service.store.products.findById(productId).catch((error: unknown) => {
		throw error instanceof StoreUnavailable ? lost : error; // "nothing was written" would not be true
	});
	if (!product || !holdsFor(product, token)) throw lost;
};

const take = async (service: OrdersService, hold: Hold): Promise<boolean> => {
	const { productId, quantity, orderId, token, at } = hold;
	const step = takeStep(productId, { orderId, token, quantity, at }, at + profile().reservationGrace);
	try {
		return (await apply(service, step)) !== null;
	} catch (error) {
		if (!(error instanceof WriteUncertain)) throw error;
		await findHold(service, hold, error);
		return true;
	}
};

const takeOrRefuse = async (service: OrdersService, hold: Hold): Promise<void> => {
	for (let attempt = 1; attempt <= tries; attempt++) {
		if (await take(service, hold)) return;
		const product = await service.store.products.findById(hold.productId);
		const errors = shortages([hold], product ? [product] : [], hold.requested);
		if (errors.length > 0) throw outOfStock(errors);
		await pause(attempt); // somebody gave back since
	}
	throw new Contended("products", hold.productId);
};

/** Puts back what an attempt holds that will never write its order. What fails here the reconciler does. */
export const letGo = async (service: OrdersService, { token, items }: Reservation): Promise<void> => {
	const put = items.map(({ productId, quantity }) => apply(service, putBackStep(productId, { token, quantity })));
	for (const result of await Promise.allSettled(put)) {
		if (result.status === "rejected") service.logger.warn(`Stock held under ${token} was not put back yet:`, result.reason);
	}
};

const takeAll = async (service: OrdersService, attempt: Attempt, items: readonly StockItem[]): Promise<Reservation> => {
	const token = newId();
	const begun: StockItem[] = [];
	try {
		for (const item of items) {
			begun.push(item);
			await takeOrRefuse(service, { ...attempt, ...item, token });
		}
		return { token, items: begun };
	} catch (error) {
		await letGo(service, { token, items: begun });
		throw error;
	}
};

const reserveTries = 3;

/**
 * Takes the pieces of all items, in turn, or of none. Undefined if none of the products is counted: that costs nothing.
 * Throws OUT_OF_STOCK with a pointer to each item that is short, and what the store throws.
 */
export const reserve = async (
	service: OrdersService,
	attempt: Attempt,
	lines: Order["items"],
	products: readonly Product[],
): Promise<Reservation | undefined> => {
	const items = stockedItems(lines, products);
	if (items.length === 0) return undefined;
	// As the products were read for this request: most refusals need no write.
	const errors = shortages(items, products, attempt.requested);
	if (errors.length > 0) throw outOfStock(errors);
	for (let turn = 1; ; turn++) {
		try {
			return await takeAll(service, attempt, items);
		} catch (error) {
			if (!(error instanceof WriteUncertain) || turn === reserveTries) throw error;
		}
	}
};

/** For `batched`: the orders of these holds are written. */
export const settleHolds = async (service: OrdersService, keys: readonly HoldKey[]): Promise<Map<HoldKey, true>> => {
	const pairs = keys.map((key) => key.split(" ") as [productId: string, token: string]); // by its type
	const byProduct = Map.groupBy(pairs, ([productId]) => productId);
	await service.store.products.updateMany(
		[...byProduct].map(([productId, all]) =>
			settleStep(
				productId,
				all.map(([, token]) => token),
			),
		),
	);
	return new Map();
};

/** The order is written and answers for its pieces itself. If this fails, the reconciler finds out. */
export const settle = async (service: OrdersService, { token, items }: Reservation): Promise<void> => {
	try {
		await Promise.all(items.map(({ productId }) => service.settleHold(`${productId} ${token}`)));
	} catch (error) {
		service.logger.warn(`Stock held under ${token} was not settled yet:`, error);
	}
};

const giveBackItem = async (
	service: OrdersService,
	orderId: string,
	token: string,
	{ productId, quantity }: StockItem,
): Promise<void> => {
	const { products, orders } = service.store;
	for (let attempt = 1; attempt <= tries; attempt++) {
		// The product first and the order after it: see giveBackStep.
		const product = await products.findById(productId);
		if (!product || wasGivenBack(product, token)) return;
		const order = await orders.findById(orderId);
		if (order?.stockDue === undefined) return;
		const due = clock.now() + profile().reconcileEvery;
		try {
			if (await apply(service, giveBackStep(product, { orderId, token }, quantity, due))) return;
		} catch (error) {
			if (!(error instanceof WriteUncertain)) throw error;
		}
		await pause(attempt);
	}
	throw new Contended("products", productId);
};

/** Gives back the pieces of an order that is over, each once, however often and by however many this is run. */
export const giveBack = async (service: OrdersService, { _id, reservation, stockDue }: Order): Promise<void> => {
	if (stockDue === undefined) return;
	for (const item of reservation?.items ?? []) await giveBackItem(service, _id, reservation?.token ?? "", item);
	await service.store.orders.update({ _id, stockDue }, { $unset: { stockDue: true } });
};
