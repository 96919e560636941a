import { setTimeout as delay } from "node:timers/promises";
import type { BenchClient } from "./client.ts";

export interface Shop {
	token: string;
	productId: string;
}

const register = async (client: BenchClient, role: string): Promise<string> => {
	const email = `${role}-${process.pid}-${Date.now()}@example.com`;
	const password = "a long and quiet river";
	await client.expect(201, "POST", "/v1/auth/register", { body: { email, password, name: role, role } });
	const login = await client.expect<{ accessToken: string }>(200, "POST", "/v1/auth/login", { body: { email, password } });
	return login.body.accessToken;
};

/** A buyer with a token and a product to order. */
export const openShop = async (client: BenchClient): Promise<Shop> => {
	const [token, seller] = await Promise.all([register(client, "buyer"), register(client, "seller")]);
	const product = await client.expect<{ id: string }>(201, "POST", "/v1/products", {
		token: seller,
		body: { name: "Laksa", price: { amount: 1250, currency: "MYR" } },
	});
	return { token, productId: product.body.id };
};

export interface Placed {
	id: string;
	/** How long the answer to the POST took. */
	answerMs: number;
}

export const placeOrder = async (client: BenchClient, shop: Shop): Promise<Placed> => {
	const body = { items: [{ productId: shop.productId, quantity: 1 }], paymentMethod: "sandbox_success" };
	const answer = await client.expect<{ id: string }>(201, "POST", "/v1/orders", { token: shop.token, body });
	return { id: answer.body.id, answerMs: answer.ms };
};

/** Asks until the order is paid; the pause between two questions keeps the asking from being the load. */
export const untilPaid = async (client: BenchClient, shop: Shop, id: string, pauseMs: number): Promise<void> => {
	for (;;) {
		await delay(pauseMs);
		const { body } = await client.expect<{ status: string }>(200, "GET", `/v1/orders/${id}/status`, { token: shop.token });
		if (body.status === "paid") return;
		if (body.status !== "placed") throw new Error(`order ${id} became ${body.status}`);
	}
};

/** From placed to paid as the order's own history has it. */
export const paidAfterMs = async (client: BenchClient, shop: Shop, id: string): Promise<number> => {
	const { body } = await client.expect<{ items: { to: string; at: string }[] }>(200, "GET", `/v1/orders/${id}/history`, {
		token: shop.token,
	});
	const at = (status: string): number => Date.parse(body.items.find((step) => step.to === status)?.at ?? "");
	return at("paid") - at("placed");
};

/** Runs `work` `count` times, at most `width` at once. */
export const inParallel = async (count: number, width: number, work: (index: number) => Promise<void>): Promise<void> => {
	let next = 0;
	const worker = async (): Promise<void> => {
		while (next < count) await work(next++);
	};
	await Promise.all(Array.from({ length: width }, worker));
};
