import assert from "node:assert/strict";
import { anIntakeDocument } from "../support/an-intake-document.ts";
import { assertAnnounced, type Json } from "../support/announced.ts";
import { type HttpAnswer, type HttpClient, login, type Say } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { admin } from "../support/souk.ts";
import { until } from "../support/until.ts";

/** What clients of the order service for customers send and read, in both profiles. Each answer is held against the OpenAPI document. */
export const olderCustomers = (api: () => HttpClient): void => {
	let market: Market;
	let document: Json;
	let adminToken: string;
	before(async () => {
		market = await openMarket(api());
		document = (await api().get("/openapi.json")).body;
		adminToken = (await login(api(), admin.email, admin.password)).token;
	});

	const call = async (method: string, path: string, body?: unknown, say?: Say): Promise<HttpAnswer> => {
		const answer = await api().request(method, path, body, say ?? { token: market.buyer.token });
		assertAnnounced(document, method, path, answer);
		return answer;
	};
	const offer = async (name: string, amount: number, currency: string): Promise<string> => {
		const { status, body } = await api().post(
			"/v1/products",
			{ name, price: { amount, currency } },
			{ token: market.seller.token },
		);
		assert.equal(status, 201);
		return body.id;
	};

	describe("POST /order", () => {
		it("answers the order in their words, with amounts in major units", async () => {
			const [tea, cup] = [await offer("Tea", 1_995, "MYR"), await offer("Cup", 50, "MYR")];
			const items = [
				{ productId: tea, quantity: 2 },
				{ productId: cup, quantity: 3 },
			];
			const { status, headers, body } = await call("POST", "/order", { items });
			const order = await market.order(body.orderId);
			assert.equal(status, 201);
			assert.equal(headers.get("location"), `/order/${order.id}`);
			assert.deepEqual(body, {
				orderId: order.id,
				orderCode: order.code,
				userId: market.buyer.id,
				items: [
					{ productId: tea, name: "Tea", quantity: 2, price: 19.95 },
					{ productId: cup, name: "Cup", quantity: 3, price: 0.5 },
				],
				totalAmount: 41.4,
				currency: "MYR",
				status: "pending",
				createdAt: order.createdAt,
			});
		});

		it("goes by the decimals of the currency", async () => {
			for (const [currency, amount] of [
				["JPY", 25],
				["BHD", 0.025],
				["EUR", 0.25],
			] as const) {
				const productId = await offer("Lamp", 25, currency);
				const { body } = await call("POST", "/order", { items: [{ productId, quantity: 1 }] });
				assert.deepEqual([body.totalAmount, body.currency], [amount, currency]);
			}
		});

		it("is replayed by its Idempotency-Key", async () => {
			const say = { token: market.buyer.token, headers: { "idempotency-key": "an older key" } };
			const body = { items: [{ productId: "1", quantity: 1 }] };
			const first = await call("POST", "/order", body, say);
			const again = await call("POST", "/order", body, say);
			assert.deepEqual([again.status, again.body], [201, first.body]);
			assert.equal(again.headers.get("idempotency-replayed"), "true");
		});

		it("is refused by a problem", async () => {
			const items = [{ productId: "1", quantity: 1 }];
			for (const [body, code, say] of [
				[{ items: [] }, "VALIDATION", undefined],
				[{ items: [{ productId: "none", quantity: 1 }] }, "UNKNOWN_PRODUCT", undefined],
				[{ items, userId: market.seller.id }, "NOT_FOUND", undefined],
				[{ items }, "UNAUTHORIZED", {}],
				[{ items }, "FORBIDDEN", { token: market.seller.token }],
			] as const) {
				const refused = await call("POST", "/order", body, say);
				assert.deepEqual([refused.body.code, refused.headers.get("content-type")], [code, "application/problem+json"]);
			}
		});
	});

	describe("GET /order/:id", () => {
		it("shows an order to its parties", async () => {
			const { id } = await market.place({});
			await market.until(id, "paid");
			for (const token of [market.buyer.token, market.seller.token, adminToken]) {
				const { status, body } = await call("GET", `/order/${id}`, undefined, { token });
				assert.deepEqual([status, body.orderId, body.totalAmount, body.status], [200, id, 198, "paid"]);
			}
		});

		it("shows a document of the intake, as it came, where no order has that id", async () => {
			const text = JSON.stringify(anIntakeDocument("olderclient1", { customer_id: market.buyer.id }));
			const headers = { "content-type": "application/json" };
			assert.equal((await api().post("/v1/orders/intake", text, { token: adminToken, headers })).status, 201);
			const keyed = await api().post("/v1/admin/keys", { name: "reader", scopes: ["intake"] }, { token: adminToken });
			for (const say of [{ token: market.buyer.token }, { token: adminToken }, { headers: { "x-api-key": keyed.body.secret } }]) {
				const read = await call("GET", "/order/olderclient1", undefined, say);
				assert.deepEqual([read.status, read.text], [200, text]);
			}
			const stranger = await call("GET", "/order/olderclient1", undefined, { token: market.seller.token });
			assert.deepEqual([stranger.status, stranger.body.code], [404, "NOT_FOUND"]);
		});

		it("shows orders to no stranger and to no program", async () => {
			const { id } = await market.place({});
			const keyed = await api().post("/v1/admin/keys", { name: "reader", scopes: ["intake"] }, { token: adminToken });
			const other = await market.newcomer("buyer");
			for (const say of [{ token: other.token }, { headers: { "x-api-key": keyed.body.secret } }]) {
				assert.equal((await call("GET", `/order/${id}`, undefined, say)).status, 404);
			}
			assert.equal((await call("GET", `/order/${id}`, undefined, {})).status, 401);
			assert.equal((await call("GET", "/order/none")).status, 404);
		});
	});

	describe("GET /user/:id/orders", () => {
		it("counts and lists what the caller ordered, by their words for its status", async () => {
			const { id: userId, token } = await market.newcomer("buyer");
			const place = async (more: object) => {
				const items = [{ productId: market.productId, quantity: 1 }];
				return (await api().post("/v1/orders", { items, ...more }, { token })).body.id as string;
			};
			const move = async (id: string, name: string, body: object, by: string) =>
				assert.equal((await market.move(id, name, body, by)).status, 200);
			const list = async (status = "") => (await call("GET", `/user/${userId}/orders${status}`, undefined, { token })).body;
			const shipped = await place({});
			const paid = await place({});
			const cancelled = await place({ paymentMethod: "sandbox_requires_action" });
			const waiting = await place({ paymentMethod: "sandbox_requires_action" });
			const declined = await place({ paymentMethod: "sandbox_declined" });
			const settled = (id: string, status: string) =>
				until(
					`order ${id}`,
					() => api().get(`/v1/orders/${id}/status`, { token }),
					({ body }) => body.status === status,
				);
			await Promise.all([settled(shipped, "paid"), settled(paid, "paid"), settled(declined, "payment_declined")]);
			await move(shipped, "ship", { carrier: "Pos", trackingNumber: "1" }, market.seller.token);
			await move(cancelled, "cancel", {}, token);
			const idsOf = ({ orders, count }: { orders: { orderId: string }[]; count: number }) => {
				assert.equal(count, orders.length);
				return orders.map(({ orderId }) => orderId);
			};
			assert.deepEqual(idsOf(await list()), [declined, waiting, cancelled, paid, shipped]);
			assert.deepEqual(idsOf(await list("?status=pending")), [declined, waiting]);
			assert.deepEqual(idsOf(await list("?status=paid")), [paid]);
			assert.deepEqual(idsOf(await list("?status=shipped")), [shipped]);
			await move(shipped, "deliver", {}, market.seller.token);
			const delivered = await list("?status=shipped");
			assert.deepEqual(idsOf(delivered), [shipped]);
			assert.equal(delivered.orders[0].status, "shipped");
			assert.deepEqual(idsOf(await list("?status=cancelled")), [cancelled]);
		});

		it("refuses a status that is none of theirs, and lists nobody else's", async () => {
			const path = `/user/${market.buyer.id}/orders`;
			for (const word of ["placed", "delivered", ""]) {
				const { status, body } = await call("GET", `${path}?status=${word}`);
				assert.deepEqual([status, body.errors[0].pointer], [400, "/status"]);
			}
			for (const token of [market.seller.token, adminToken]) {
				assert.equal((await call("GET", path, undefined, { token })).status, 404);
			}
			assert.equal((await call("GET", path, undefined, {})).status, 401);
		});
	});

	describe("GET /customers/:id", () => {
		it("tells who the caller is, and of nobody else", async () => {
			const { id, email } = market.buyer;
			const { status, body } = await call("GET", `/customers/${id}`);
			assert.deepEqual([status, body], [200, { id, email, name: "A buyer" }]);
			for (const token of [market.seller.token, adminToken]) {
				assert.equal((await call("GET", `/customers/${id}`, undefined, { token })).status, 404);
			}
			assert.equal((await call("GET", "/customers/none")).status, 404);
			assert.equal((await call("GET", `/customers/${id}`, undefined, {})).status, 401);
		});
	});

	describe("what came before there were roles and refresh tokens", () => {
		it("logs in with {status, data: {token}}, and the token is good", async () => {
			const { email, password } = { email: "older@example.com", password: "correct horse battery staple" };
			await api().post("/v1/auth/register", { email, password, name: "Olga" });
			const { status, body } = await call("POST", "/v1/auth/login", { email, password }, {});
			assert.deepEqual([status, body.status], [200, "success"]);
			const me = await call("GET", `/customers/${body.user.id}`, undefined, { token: body.data.token });
			assert.deepEqual(me.body, { id: body.user.id, name: "Olga", email });
		});

		it("tells of its health, and shows the API page", async () => {
			const { status, body } = await call("GET", "/v1/health", undefined, {});
			assert.deepEqual([status, body.status, typeof body.data.uptime], [200, "success", "number"]);
			for (const path of ["/v1/swagger/index.html", "/api"]) {
				const page = await api().get(path);
				assert.deepEqual([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
				assert.match(page.text, /swagger-ui/);
			}
		});
	});
};
