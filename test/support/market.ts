import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { OrderView } from "../../contracts/http/orders.ts";
import type { PaymentView } from "../../contracts/http/payments.ts";
import { type HttpAnswer, type HttpClient, login } from "./http.ts";
import { until } from "./until.ts";

export interface Someone {
	id: string;
	email: string;
	token: string;
}

/** A buyer, a seller and a product of 99.00 MYR, made over HTTP, with the calls that most tests need. */
export interface Market {
	buyer: Someone;
	seller: Someone;
	productId: string;
	newcomer(role: "buyer" | "seller"): Promise<Someone>;
	tryPlace(body: object, headers?: Record<string, string>): Promise<HttpAnswer>;
	place(body: object): Promise<OrderView>;
	move(id: string, move: string, body: object, token?: string, headers?: Record<string, string>): Promise<HttpAnswer>;
	order(id: string): Promise<OrderView>;
	payment(id: string): Promise<PaymentView>;
	until(id: string, status: OrderView["status"]): Promise<OrderView>;
	untilOrder(id: string, holds: (order: OrderView) => boolean): Promise<OrderView>;
	untilPayment(id: string, status: string): Promise<PaymentView>;
}

export const password = "correct horse battery staple";

/** After their token's end. */
export const signInAgain = async (api: HttpClient, someone: Someone): Promise<void> => {
	someone.token = (await login(api, someone.email, password)).token;
};

export const signUp = async (api: HttpClient, role: "buyer" | "seller"): Promise<Someone> => {
	const email = `${role}-${randomBytes(6).toString("hex")}@example.com`;
	const made = await api.post("/v1/auth/register", { email, password, name: `A ${role}`, role });
	assert.equal(made.status, 201, JSON.stringify(made.body));
	const login = await api.post("/v1/auth/login", { email, password });
	assert.equal(login.status, 200, JSON.stringify(login.body));
	return { id: made.body.id, email, token: login.body.accessToken };
};

export const openMarket = async (api: HttpClient): Promise<Market> => {
	const [buyer, seller] = await Promise.all([signUp(api, "buyer"), signUp(api, "seller")]);
	const product = await api.post(
		"/v1/products",
		{ name: "Satay", price: { amount: 9900, currency: "MYR" } },
		{ token: seller.token },
	);
	assert.equal(product.status, 201, JSON.stringify(product.body));
	const productId: string = product.body.id;

	const read = async <T>(path: string): Promise<T> => {
		const answer = await api.get(path, { token: buyer.token });
		assert.equal(answer.status, 200, `${path}: ${JSON.stringify(answer.body)}`);
		return answer.body;
	};
	const tryPlace: Market["tryPlace"] = (body, headers = {}) =>
		api.post("/v1/orders", { items: [{ productId, quantity: 2 }], ...body }, { token: buyer.token, headers });
	const order: Market["order"] = (id) => read(`/v1/orders/${id}`);
	const payment: Market["payment"] = (id) => read(`/v1/payments/${id}`);
	const untilOrder: Market["untilOrder"] = (id, holds) => until(`order ${id}`, () => order(id), holds);
	return {
		buyer,
		seller,
		productId,
		newcomer: (role) => signUp(api, role),
		tryPlace,
		place: async (body) => {
			const answer = await tryPlace(body);
			assert.equal(answer.status, 201, JSON.stringify(answer.body));
			return answer.body;
		},
		move: (id, move, body, token = buyer.token, headers = {}) => api.post(`/v1/orders/${id}/${move}`, body, { token, headers }),
		order,
		payment,
		until: (id, status) => untilOrder(id, (seen) => seen.status === status),
		untilOrder,
		untilPayment: (id, status) =>
			until(
				`payment ${id}`,
				() => payment(id),
				(seen) => seen.status === status,
			),
	};
};
