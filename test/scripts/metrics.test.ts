import assert from "node:assert/strict";
import { freePort } from "../support/free-port.ts";
import { signUp } from "../support/market.ts";
import { allAsked, fromPrometheus, metricsOf } from "../support/sight.ts";
import { type Souk, startSouk } from "../support/souk.ts";
import { until } from "../support/until.ts";

describe("what a running Souk tells of itself", () => {
	let souk: Souk;
	let own: string;
	before(async () => {
		const port = await freePort();
		own = `http://127.0.0.1:${port}`;
		souk = await startSouk({ env: { METRICS_PORT: String(port) } });
	});
	after(async () => {
		await souk?.stop();
	});

	const scraped = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();

	it("counts requests by route, orders by outcome, and events by group, on both ports", async () => {
		const buyer = await signUp(souk.api, "buyer");
		const as = { token: buyer.token, headers: { "idempotency-key": "metrics" } };
		const body = { items: [{ productId: "1", quantity: 1 }] };
		const first = await souk.api.post("/v1/orders", body, as);
		assert.equal((await souk.api.post("/v1/orders", body, as)).status, 201);
		assert.equal((await souk.api.post("/v1/orders", { items: [{ productId: "none", quantity: 1 }] }, { token: buyer.token })).status, 422); // biome-ignore format: one line
		await souk.api.get(`/v1/orders/${first.body.id}`, { token: buyer.token });
		await souk.api.get("/v1/nowhere/at/all", {});
		for (const row of [
			'http_requests_total{method="POST",route="/v1/orders",status="201"} 2',
			'http_requests_total{method="GET",route="/v1/orders/:id",status="200"} 1',
			'http_requests_total{method="GET",route="other",status="404"} 1',
			'orders_created_total{status="created"} 1',
			'orders_created_total{status="refused"} 1',
			'order_processing_duration_seconds_count{operation="place"} 2',
			'streams_active{ring="chat"} 0',
		])
			for (const url of [souk.url, own]) assert.ok((await scraped(url)).includes(`${row}\n`), row);
		await until("the payment to have been told", () => scraped(own), (text) => /events_total\{group="orders",outcome="done",reason=""\} [1-9]/.test(text)); // biome-ignore format: one line
	});

	it("has every metric that a panel or an alert asks for, but what is between nodes", async () => {
		const found = metricsOf(await scraped(own));
		const missing = allAsked().map(({ metric }) => metric).filter((metric) => !found.has(metric) && !fromPrometheus.has(metric)); // biome-ignore format: one line
		assert.deepEqual(missing.filter((metric) => !/^moleculer_trans(it|porter)_/.test(metric)), []); // biome-ignore format: one line
		assert.ok((await scraped(souk.url)).includes('health_check{check="orders.store"} 1\n'));
	});

	it("answers probes on its own port, and nothing else there", async () => {
		const ready = await fetch(`${own}/health/ready`);
		const { ok, checks } = (await ready.json()) as { ok: boolean; checks: { name: string }[] };
		assert.deepEqual([ready.status, ok], [200, true]);
		assert.ok(checks.some(({ name }) => name === "orders.store"));
		assert.equal((await fetch(`${own}/health/live`)).status, 200);
		assert.equal((await fetch(`${own}/v1/products`)).status, 404);
		assert.equal((await fetch(`${own}/metrics`, { method: "POST" })).status, 405);
	});

	it("gives no id of anybody away", async () => {
		const buyer = await signUp(souk.api, "buyer");
		await souk.api.get(`/v1/orders/${buyer.id}`, { token: buyer.token });
		const text = await scraped(own);
		assert.ok(!text.includes(buyer.id));
		assert.ok(!text.includes("@"));
	});
});
