import assert from "node:assert/strict";
import { assertAnnounced, type Json } from "../support/announced.ts";
import type { HttpAnswer, HttpClient, Say } from "../support/http.ts";
import { login } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { admin } from "../support/souk.ts";
import { until } from "../support/until.ts";

/** What the first web shop's client sends and reads, in both profiles. Each answer is held against the OpenAPI document. */
export const olderShop = (api: () => HttpClient): void => {
	let market: Market;
	let document: Json;
	before(async () => {
		market = await openMarket(api());
		document = (await api().get("/openapi.json")).body;
	});

	const call = async (method: string, path: string, body?: unknown, say?: Say): Promise<HttpAnswer> => {
		const answer = await api().request(method, path, body, say ?? { token: market.buyer.token });
		assertAnnounced(document, method, path, answer);
		assert.ok(answer.headers.get("x-request-id"));
		return answer;
	};
	/** What its form makes. */
	const form = (more: object = {}) => ({
		userId: market.buyer.id,
		productId: "1",
		productName: "Chicken wing",
		totalOrderAmount: "RM 99",
		orderStatus: "Processing",
		createdAt: new Date(0).toISOString(),
		...more,
	});
	const place = async (more: object = {}): Promise<string> => {
		const { status, body } = await call("POST", "/orders", form(more));
		assert.equal(status, 201, JSON.stringify(body));
		return body.created.id;
	};
	const untilStatus = (id: string, orderStatus: string) =>
		until(
			`order ${id}`,
			() => call("GET", `/orders/status/${id}`),
			({ body }) => body.orderStatus === orderStatus,
		);
	const put = (orderId: string, orderStatus: string, say?: Say) => call("PUT", "/orders", { orderId, orderStatus }, say);

	describe("POST /orders", () => {
		it("stores an order and says that its payment is on the way", async () => {
			const { status, headers, body } = await call("POST", "/orders", form());
			assert.deepEqual(
				[status, headers.get("content-type"), body],
				[
					201,
					"application/json",
					{ ok: true, created: { id: body.created.id }, payment: "Create order success, payment processing" },
				],
			);
			const order = await market.order(body.created.id);
			assert.deepEqual(
				order.items.map(({ productId, quantity }) => [productId, quantity]),
				[["1", 1]],
			);
		});

		it("takes price, status and time from nobody but the server", async () => {
			const id = await place({ totalOrderAmount: "RM 1", orderStatus: "Success", createdAt: 7 });
			const order = await market.order(id);
			assert.deepEqual(order.totals.total, { amount: 9900, currency: "MYR" });
			assert.ok(Date.parse(order.createdAt) > Date.parse("2020-01-01"));
		});

		it("takes the user from the token where the body names none", async () => {
			const { status, body } = await call("POST", "/orders", { productId: "1" });
			assert.equal(status, 201);
			assert.equal((await market.order(body.created.id)).buyerId, market.buyer.id);
		});

		it("answers a repeat with the same Idempotency-Key by the same id, and refuses another body under it", async () => {
			const say = { token: market.buyer.token, headers: { "idempotency-key": "an older key" } };
			const first = await call("POST", "/orders", form(), say);
			const again = await call("POST", "/orders", form(), say);
			assert.deepEqual([again.status, again.body], [201, first.body]);
			assert.equal(again.headers.get("idempotency-replayed"), "true");
			const other = await call("POST", "/orders", form({ productId: "2" }), say);
			assert.deepEqual([other.status, other.body.ok, other.body.created], [422, false, null]);
		});

		it("says why it was refused, with the status of the problem", async () => {
			const unknown = await call("POST", "/orders", form({ productId: "none" }));
			assert.deepEqual([unknown.status, unknown.headers.get("content-type")], [422, "application/json"]);
			assert.deepEqual({ ...unknown.body, payment: "" }, { ok: false, created: null, payment: "" });
			assert.equal(unknown.body.payment, "productId: there is no such product");
			const missing = await call("POST", "/orders", { ...form(), productId: undefined });
			assert.deepEqual([missing.status, missing.body.ok, missing.body.created], [400, false, null]);
			assert.match(missing.body.payment, /^productId: /);
		});

		it("knows nobody but the caller", async () => {
			for (const userId of [market.seller.id, "none", 7, null]) {
				const { status, body } = await call("POST", "/orders", form({ userId }));
				assert.deepEqual([status, body.ok, body.created], [404, false, null]);
			}
		});

		it("answers a problem to who may not call, and to what cannot be read", async () => {
			const type = "application/problem+json";
			const stranger = await call("POST", "/orders", form(), {});
			assert.deepEqual([stranger.status, stranger.headers.get("content-type")], [401, type]);
			const seller = await call("POST", "/orders", form(), { token: market.seller.token });
			assert.deepEqual([seller.status, seller.body.code], [403, "FORBIDDEN"]);
			const headers = { "content-type": "application/json" };
			const broken = await call("POST", "/orders", "{", { token: market.buyer.token, headers });
			assert.deepEqual([broken.status, broken.headers.get("content-type")], [400, type]);
		});
	});

	describe("GET /orders/…", () => {
		it("follows product 1 to success and product 2 to its decline", async () => {
			const [one, two] = [await place(), await place({ productId: "2" })];
			assert.deepEqual((await untilStatus(one, "Success")).body, { ok: true, orderStatus: "Success" });
			await untilStatus(two, "Declined");
			const [paid, declined] = [await call("GET", `/orders/one/${one}`), await call("GET", `/orders/one/${two}`)];
			const { createdAt, updatedAt } = await market.order(one);
			assert.deepEqual(paid.body, {
				ok: true,
				order: {
					id: one,
					userId: market.buyer.id,
					productId: "1",
					productName: "Chicken wing",
					totalOrderAmount: "RM 99",
					orderStatus: "Success",
					paymentStatus: "Success",
					created_at: createdAt,
					updated_at: updatedAt,
				},
			});
			assert.deepEqual([declined.body.order.orderStatus, declined.body.order.paymentStatus], ["Declined", "Declined"]);
		});

		it("shows an order to its seller and to admins, as /v1 does", async () => {
			const { id } = await market.place({});
			const { token } = await login(api(), admin.email, admin.password);
			for (const say of [{ token: market.seller.token }, { token }]) {
				const { status, body } = await call("GET", `/orders/one/${id}`, undefined, say);
				assert.deepEqual([status, body.order.userId, body.order.totalOrderAmount], [200, market.buyer.id, "RM 198"]);
			}
		});

		it("answers {ok: false} for an order that is unknown or somebody else's", async () => {
			const id = await place();
			const other = { token: (await market.newcomer("buyer")).token };
			for (const path of ["one", "status"]) {
				for (const [unknown, say] of [
					["none", undefined],
					["%20", undefined],
					[id, other],
				] as const) {
					const { status, headers, body } = await call("GET", `/orders/${path}/${unknown}`, undefined, say);
					assert.deepEqual([status, body, headers.get("content-type")], [404, { ok: false }, "application/json"]);
				}
			}
		});

		it("lists all orders of the caller, newest first, past the length of a page", async () => {
			const other = await market.newcomer("buyer");
			const say = { token: other.token };
			const ids: string[] = [];
			for (let count = 0; count < 23; count++) {
				ids.unshift((await call("POST", "/orders", form({ userId: other.id }), say)).body.created.id);
			}
			const { status, body } = await call("GET", `/orders/${other.id}`, undefined, say);
			assert.deepEqual([status, body.ok], [200, true]);
			assert.deepEqual(
				body.orders.map((order: { id: string }) => order.id),
				ids,
			);
		});

		it("lists nobody else's, and nothing that others ordered from the caller", async () => {
			await market.place({});
			const foreign = await call("GET", `/orders/${market.buyer.id}`, undefined, { token: market.seller.token });
			assert.deepEqual([foreign.status, foreign.body], [404, { ok: false }]);
			const own = await call("GET", `/orders/${market.seller.id}`, undefined, { token: market.seller.token });
			assert.deepEqual([own.status, own.body], [200, { ok: true, orders: [] }]);
		});

		it("answers a problem without a token", async () => {
			for (const path of ["one/none", "status/none", market.buyer.id]) {
				const { status, body } = await call("GET", `/orders/${path}`, undefined, {});
				assert.deepEqual([status, body.code], [401, "UNAUTHORIZED"]);
			}
		});
	});

	describe("PUT /orders", () => {
		const updated = { ok: true, message: "Update order success" };

		it("cancels a paid order, whose money comes back", async () => {
			const id = await place();
			await untilStatus(id, "Success");
			const { status, body } = await put(id, "Cancelled");
			assert.deepEqual([status, body], [200, updated]);
			await until(
				"the refund",
				() => call("GET", `/orders/one/${id}`),
				({ body: seen }) => seen.order.paymentStatus === "Refunded",
			);
			assert.equal((await call("GET", `/orders/one/${id}`)).body.order.orderStatus, "Cancelled");
		});

		it("confirms a payment that waits for the buyer, and changes nothing once it is paid", async () => {
			const { id } = await market.place({ paymentMethod: "sandbox_requires_action" });
			await market.untilOrder(id, ({ payment }) => payment.status === "requires_action");
			const waiting = (await call("GET", `/orders/one/${id}`)).body.order;
			assert.deepEqual([waiting.orderStatus, waiting.paymentStatus], ["Processing", "Processing"]);
			const confirmed = await put(id, "Confirm");
			assert.deepEqual([confirmed.status, confirmed.body], [200, updated]);
			assert.deepEqual((await put(id, "Confirm")).body, updated); // paid, whether the order has heard of it or not
			await untilStatus(id, "Success");
			const { version } = await market.order(id);
			const again = await put(id, "Confirm");
			assert.deepEqual([again.status, again.body], [200, updated]);
			assert.equal((await market.order(id)).version, version);
		});

		it("refuses what the order's status does not allow, and says why", async () => {
			const declined = await place({ productId: "2" });
			await untilStatus(declined, "Declined");
			const confirm = await put(declined, "Confirm");
			assert.deepEqual([confirm.status, confirm.body.ok], [409, false]);
			assert.match(confirm.body.message, /payment_declined/);
			await put(declined, "Cancelled");
			for (const word of ["Cancelled", "Confirm"]) {
				const { status, headers, body } = await put(declined, word);
				assert.deepEqual([status, headers.get("content-type"), body.ok], [409, "application/json", false]);
				assert.equal(typeof body.message, "string");
			}
		});

		it("refuses any other word", async () => {
			const id = await place();
			for (const word of ["Success", "cancelled", "", "constructor"]) {
				const { status, body } = await put(id, word);
				assert.deepEqual([status, body.ok], [422, false]);
				assert.match(body.message, /Cancelled, Confirm/);
			}
			const missing = await call("PUT", "/orders", { orderId: id });
			assert.deepEqual([missing.status, missing.body.ok], [400, false]);
			assert.match(missing.body.message, /^orderStatus: /);
		});

		it("touches no order that is unknown or somebody else's", async () => {
			const { id } = await market.place({ paymentMethod: "sandbox_requires_action" });
			await market.untilOrder(id, ({ payment }) => payment.status === "requires_action");
			const other = { token: (await market.newcomer("buyer")).token };
			for (const word of ["Cancelled", "Confirm"]) {
				for (const [unknown, say] of [
					[id, other],
					["none", undefined],
					["no id", undefined],
				] as const) {
					const { status, body } = await put(unknown, word, say);
					assert.deepEqual([status, body.ok], [404, false]);
				}
			}
			const seller = await put(id, "Confirm", { token: market.seller.token });
			assert.deepEqual([seller.status, seller.body.ok], [403, false]);
			assert.equal((await put(id, "Confirm", {})).body.code, "UNAUTHORIZED");
			assert.equal((await market.order(id)).payment.status, "requires_action");
		});
	});
};
