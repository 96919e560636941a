import assert from "node:assert/strict";
import type { OrderView } from "../../contracts/http/orders.ts";
import type { HttpAnswer, HttpClient } from "../support/http.ts";
import { insist } from "../support/insist.ts";
import { type Market, openMarket } from "../support/market.ts";

export interface StockMarket {
	market: Market;
	productId: string;
	stock(): Promise<number>;
	/** Pieces in orders that hold or have bought them, acknowledged or not. */
	sold(): Promise<number>;
	/** Places orders of one to three pieces, `width` at a time, and cancels every second one; all are answered in the end. */
	trade(count: number, width: number): Promise<{ placed: number; refused: number; cancelled: number }>;
	place(key: string, quantity: number): Promise<HttpAnswer>;
}

const over = new Set<OrderView["status"]>(["cancelled", "expired"]);

export const openStockMarket = async (api: () => HttpClient, initial: number): Promise<StockMarket> => {
	const market = await openMarket(api());
	const { token } = market.buyer;
	const offer = { name: "Laksa", price: { amount: 500, currency: "MYR" }, stock: initial };
	const made = await api().post("/v1/products", offer, { token: market.seller.token });
	assert.equal(made.status, 201, made.text);
	const productId: string = made.body.id;

	const place: StockMarket["place"] = (key, quantity) =>
		api().post("/v1/orders", { items: [{ productId, quantity }] }, { token, headers: { "idempotency-key": key } });
	const orders = async (): Promise<OrderView[]> => {
		const all: OrderView[] = [];
		for (let cursor = ""; ; ) {
			const { status, body, text } = await api().get(`/v1/orders?role=buyer&limit=100${cursor}`, { token });
			assert.equal(status, 200, text);
			all.push(...body.items);
			if (!body.nextCursor) return all;
			cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
		}
	};
	const piecesOf = ({ status, items }: OrderView): number =>
		over.has(status) ? 0 : items.reduce((sum, item) => sum + (item.productId === productId ? item.quantity : 0), 0);

	return {
		market,
		productId,
		place,
		stock: async () => (await api().get(`/v1/products/${productId}`, { token })).body.stock,
		sold: async () => (await orders()).reduce((sum, order) => sum + piecesOf(order), 0),
		async trade(count, width) {
			const done = { placed: 0, refused: 0, cancelled: 0 };
			let next = 0;
			const trader = async (): Promise<void> => {
				for (let index = next++; index < count; index = next++) {
					const answer = await insist(() => place(`trade-${index}`, 1 + (index % 3)));
					if (answer.body.code === "OUT_OF_STOCK") {
						done.refused++;
						continue;
					}
					assert.equal(answer.status, 201, answer.text);
					done.placed++;
					if (index % 2) continue;
					const headers = { "idempotency-key": `cancel-${index}` };
					const cancelled = await insist(() => market.move(answer.body.id, "cancel", {}, token, headers));
					assert.equal(cancelled.status, 200, cancelled.text);
					done.cancelled++;
				}
			};
			await Promise.all(Array.from({ length: width }, trader));
			return done;
		},
	};
};

/** So that what is reserved by the dead is looked into within the test. */
export const soon = { RESERVATION_GRACE_MS: "1500", LEASE_TIMEOUT_MS: "1000", RECONCILE_EVERY_MS: "200", LOG_LEVEL: "error" };
