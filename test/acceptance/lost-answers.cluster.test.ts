import assert from "node:assert/strict";
import { Redis } from "ioredis";
import type { HttpAnswer } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { needsOwn } from "../support/servers.ts";
import { type Cluster, startCluster } from "../support/souk.ts";

describe("A request that is sent again after its answer was lost and Redis forgot it", function () {
	this.timeout(60_000);
	let cluster: Cluster;
	let redis: Redis;
	let market: Market;

	before(async function () {
		needsOwn(this, "nats", "mongod", "redis");
		cluster = await startCluster({
			nodes: [{ services: ["gateway", "auth", "chat", "notification", "email"] }, { services: ["orders", "payment"] }],
		});
		redis = new Redis(cluster.redis.url);
		market = await openMarket(cluster.api);
	});
	after(async () => {
		redis?.disconnect();
		await cluster?.stop();
	});

	/** The first answer is taken for lost; between it and the second try Redis forgets all. */
	const twice = async (send: () => Promise<HttpAnswer>): Promise<HttpAnswer> => {
		const lost = await send();
		assert.ok(lost.status < 300, lost.text);
		await redis.flushall();
		const again = await send();
		assert.equal(again.status, lost.status);
		assert.equal(again.headers.get("idempotency-replayed"), "true");
		assert.deepEqual(again.body, lost.body);
		return again;
	};
	const key = (name: string) => ({ "idempotency-key": name });

	it("places one order", async () => {
		const placed = await twice(() => market.tryPlace({}, key("place")));
		assert.equal(placed.headers.get("location"), `/v1/orders/${placed.body.id}`);
		const list = await cluster.api.get("/v1/orders", { token: market.buyer.token });
		assert.equal(list.body.items.length, 1);
	});

	it("pays again once", async () => {
		const placed = await market.place({ paymentMethod: "sandbox_declined" });
		await market.until(placed.id, "payment_declined");
		const pay = { paymentMethod: "sandbox_success" };
		await twice(() => market.move(placed.id, "pay", pay, market.buyer.token, key("pay")));
		const paid = await market.until(placed.id, "paid");
		assert.equal((await market.payment(paid.payment.id)).attempt, 2);
	});

	it("refunds once", async () => {
		const placed = await market.place({});
		const { payment } = await market.until(placed.id, "paid");
		const refund = () =>
			cluster.api.post(
				`/v1/payments/${payment.id}/refunds`,
				{ amount: 100 },
				{ token: market.seller.token, headers: key("refund") },
			);
		await twice(refund);
		const after = await market.untilPayment(payment.id, "partially_refunded");
		assert.equal(after.refunded.amount, 100);
		assert.equal(after.refunds.length, 1);
	});

	it("cancels once", async () => {
		const placed = await market.place({});
		const { payment } = await market.until(placed.id, "paid");
		await twice(() => market.move(placed.id, "cancel", { reason: "no" }, market.buyer.token, key("cancel")));
		const after = await market.untilPayment(payment.id, "refunded");
		assert.equal(after.refunds.length, 1);
		const history = await cluster.api.get(`/v1/orders/${placed.id}/history`, { token: market.buyer.token });
		assert.equal(history.body.items.filter(({ to }: { to: string }) => to === "cancelled").length, 1);
	});

	it("makes one product", async () => {
		const offer = { name: "Roti", price: { amount: 250, currency: "MYR" } };
		const say = { token: market.seller.token, headers: key("product") };
		const made = await twice(() => cluster.api.post("/v1/products", offer, say));
		const found = await cluster.api.get("/v1/products?q=roti", { token: market.buyer.token });
		assert.deepEqual(
			found.body.items.map(({ id }: { id: string }) => id),
			[made.body.id],
		);
	});
});
