import assert from "node:assert/strict";
import type { Context, ServiceSchema } from "moleculer";
import type { CallMeta } from "../../../../contracts/call.ts";
import { DomainError } from "../../../../contracts/errors.ts";
import { olderCustomerRoutes } from "../../../../contracts/http/older/customers.ts";
import { olderShopRoutes } from "../../../../contracts/http/older/shop.ts";
import { operationRoutes } from "../../../../contracts/http/operations.ts";
import { deriveId } from "../../../../contracts/ids.ts";
import { orderView } from "../../../../services/orders/order-view.ts";
import { anOrder, anOrderThatIs } from "../../../support/an-order.ts";
import { fakeAuth } from "../../../support/fake-auth.ts";
import { type GatewayNode, GatewayNodes } from "../../../support/gateway-node.ts";

type Call<P> = Context<P, CallMeta>;

/** What these services answer is set by each test; what they were asked is written down. */
interface Behind {
	orders: ServiceSchema;
	payment: ServiceSchema;
	place: (ctx: Call<object>) => Promise<unknown>;
	order: () => unknown;
	payments: { get: () => unknown; confirm: () => unknown };
	asked: string[];
}

const refuse = (code: ConstructorParameters<typeof DomainError>[0]) => (): never => {
	throw new DomainError(code);
};

const behind = (): Behind => {
	const self: Behind = {
		place: async ({ meta }) => orderView(anOrder({ _id: deriveId("order", meta.request?.key ?? "none") }), ["buyer"]),
		order: () => orderView(anOrder(), ["buyer"]),
		payments: { get: refuse("NOT_FOUND"), confirm: refuse("NOT_FOUND") },
		asked: [],
		orders: {
			name: "orders",
			actions: {
				place: (ctx: Call<object>) => self.place(ctx),
				get: () => self.order(),
				list({ params }: Call<{ cursor?: string; limit: number }>) {
					self.asked.push("orders.list");
					const from = Number(params.cursor ?? 1_000_000);
					const numbers = Array.from({ length: params.limit }, (_, index) => from - index);
					const items = numbers.map((number) =>
						orderView(anOrder({ _id: `o${number}`, code: `O${String(number).padStart(8, "0")}` }), ["buyer"]),
					);
					return { items, nextCursor: String(from - params.limit) };
				},
			},
		},
		payment: {
			name: "payment",
			actions: {
				get: () => self.payments.get(),
				confirm() {
					self.asked.push("payment.confirm");
					return self.payments.confirm();
				},
			},
		},
	};
	return self;
};

const routes = [...olderShopRoutes, ...olderCustomerRoutes, ...operationRoutes];

describe("Requests of older clients, passed on", () => {
	const nodes = new GatewayNodes();
	let services: Behind;
	let node: GatewayNode;
	let token: string;
	beforeEach(async () => {
		services = behind();
		node = await nodes.start({ routes, services: [services.orders, services.payment] });
		token = await node.token("ana");
	});
	afterEach(nodes.stopAll);

	const post = (headers: Record<string, string> = {}) => node.api.post("/orders", { productId: "1" }, { token, headers });
	const put = (orderStatus: string) => node.api.put("/orders", { orderId: "order-1", orderStatus }, { token });

	it("carry the key of the request on, so that a gateway that never saw the first one makes the same ids", async () => {
		const say = { "idempotency-key": "k" };
		const first = await post(say);
		const auth = await fakeAuth();
		const other = await nodes.start({ routes, services: [services.orders, services.payment], auth });
		const again = await other.api.post("/orders", { productId: "1" }, { token: await other.token("ana"), headers: say });
		assert.deepEqual([first.status, again.status, again.body], [201, 201, first.body]);
		assert.notDeepEqual((await post()).body, first.body);
	});

	it("tell in their words that the first one still runs, and remember no refusal", async () => {
		const { promise, resolve } = Promise.withResolvers<void>();
		const { promise: running, resolve: runs } = Promise.withResolvers<void>();
		const { place } = services;
		services.place = async () => {
			runs();
			await promise;
			throw new DomainError("OUT_OF_STOCK");
		};
		const first = post({ "idempotency-key": "k" });
		await running;
		const second = await post({ "idempotency-key": "k" });
		assert.deepEqual([second.status, second.body.ok, second.body.created], [409, false, null]);
		assert.match(second.headers.get("retry-after") ?? "", /^\d+$/);
		resolve();
		assert.deepEqual([(await first).status, (await first).body.payment], [422, "There is not enough stock"]);
		services.place = place;
		assert.equal((await post({ "idempotency-key": "k" })).status, 201);
	});

	it("get a problem when it is we who failed", async () => {
		for (const [code, status] of [
			["UNAVAILABLE", 503],
			["INTERNAL", 500],
		] as const) {
			services.place = refuse(code);
			const { headers, body, ...answer } = await post();
			assert.deepEqual([answer.status, headers.get("content-type"), body.code], [status, "application/problem+json", code]);
		}
	});

	it("take a payment for confirmed that the order has not heard of yet", async () => {
		services.payments.get = () => ({ id: "p1", status: "captured" });
		assert.deepEqual((await put("Confirm")).body, { ok: true, message: "Update order success" });
		assert.deepEqual(services.asked, []);
	});

	it("confirm a payment that is still with its provider as soon as it waits for its buyer", async () => {
		const answers = [refuse("NOT_FOUND"), () => ({ id: "p1", status: "processing" })];
		services.payments = {
			get: () => (answers.shift() ?? (() => ({ id: "p1", status: "requires_action" })))(),
			confirm: () => ({ id: "p1", status: "captured" }),
		};
		assert.equal((await put("Confirm")).status, 200);
		assert.deepEqual(services.asked, ["payment.confirm"]);
	});

	it("confirm nothing that does not wait for it, and tell of a decline", async () => {
		for (const get of [refuse("NOT_FOUND"), () => ({ id: "p1", status: "processing" })]) {
			services.payments.get = get;
			const { status, body } = await put("Confirm");
			assert.deepEqual([status, body], [409, { ok: false, message: "the payment is processing" }]);
		}
		assert.deepEqual(services.asked, []);
		services.payments = {
			get: () => ({ id: "p1", status: "requires_action" }),
			confirm: () => ({ id: "p1", status: "declined" }),
		};
		const { status, body } = await put("Confirm");
		assert.deepEqual([status, body], [409, { ok: false, message: "the payment was declined" }]);
		assert.deepEqual(services.asked, ["payment.confirm"]);
	});

	it("ask for no payment of an order that is paid, or over", async () => {
		for (const [order, expected] of [
			[anOrderThatIs("delivered", "captured"), 200],
			[anOrderThatIs("expired", "voided"), 409],
		] as const) {
			services.order = () => orderView(order, ["buyer"]);
			assert.equal((await put("Confirm")).status, expected);
		}
		assert.deepEqual(services.asked, []);
	});

	it("get the newest 1,000 orders, whatever else there is", async () => {
		for (const path of ["/orders/ana", "/user/ana/orders"]) {
			services.asked.length = 0;
			const { orders } = (await node.api.get(path, { token })).body;
			assert.equal(orders.length, 1_000);
			assert.equal(services.asked.length, 50);
		}
		const { orders, count } = (await node.api.get("/user/ana/orders?status=pending", { token })).body;
		const codes = orders.map(({ orderCode }: { orderCode: string }) => orderCode);
		assert.deepEqual([count, codes[0], codes[999]], [1_000, "O01000000", "O00999001"]);
	});
});
