import { anIntakeDocument } from "../../support/an-intake-document.ts";
import { assertAnnounced, type Json } from "../../support/announced.ts";
import type { HttpAnswer, Say } from "../../support/http.ts";
import { login } from "../../support/http.ts";
import { type Market, openMarket } from "../../support/market.ts";
import { admin, type Souk, startSouk } from "../../support/souk.ts";

describe("the OpenAPI document, held against what the real services answer", () => {
	let souk: Souk;
	let market: Market;
	let served: Json;
	let adminToken: string;
	before(async () => {
		souk = await startSouk();
		served = (await souk.api.get("/openapi.json")).body;
		market = await openMarket(souk.api);
		adminToken = (await login(souk.api, admin.email, admin.password)).token;
	});
	after(() => souk?.stop());

	const call = async (
		method: string,
		url: string,
		body?: unknown,
		say: Say = { token: market.buyer.token },
	): Promise<HttpAnswer> => {
		const answer = await souk.api.request(method, url, body, say);
		assertAnnounced(served, method, url, answer);
		return answer;
	};
	const asSeller = (): Say => ({ token: market.seller.token });
	const asAdmin = (): Say => ({ token: adminToken });

	it("tells the truth about accounts and sessions", async () => {
		const email = "openapi@example.com";
		const password = "a passphrase of the tests";
		await call("POST", "/v1/auth/register", { email, password, name: "Olga" }, {});
		await call("POST", "/v1/auth/register", { email, password, name: "Olga" }, {});
		await call("POST", "/v1/auth/register", { email: "x", password: "short" }, {});
		await call("POST", "/v1/auth/login", { email, password: "wrong" }, {});
		const { body } = await call("POST", "/v1/auth/login", { email, password }, {});
		const me: Say = { token: body.accessToken };
		await call("GET", "/v1/auth/me", undefined, me);
		await call("GET", "/v1/auth/me", undefined, {});
		await call("PATCH", "/v1/auth/me", { name: "Olga B" }, me);
		await call("PUT", "/v1/auth/password", { current: "wrong", next: "another passphrase" }, me);
		await call("GET", "/v1/auth/sessions", undefined, me);
		await call("DELETE", "/v1/auth/sessions/none", undefined, me);
		await call("POST", "/v1/auth/refresh", { refreshToken: body.refreshToken }, {});
		await call("POST", "/v1/auth/refresh", { refreshToken: "made-up" }, {});
		await call("GET", `/v1/users/${body.user.id}`);
		await call("GET", "/v1/users/none");
		await call("GET", "/v1/users?q=Olga");
		await call("GET", "/v1/admin/users", undefined, asAdmin());
		await call("GET", "/v1/admin/users");
		await call("PATCH", `/v1/admin/users/${body.user.id}`, { suspended: true }, asAdmin());
		await call("POST", "/v1/auth/logout", undefined, me);
		await call("GET", "/.well-known/jwks.json", undefined, {});
	});

	it("tells the truth about products and orders", async () => {
		const { body: product } = await call(
			"POST",
			"/v1/products",
			{ name: "Tea", price: { amount: 500, currency: "MYR" } },
			asSeller(),
		);
		await call("POST", "/v1/products", { name: "Tea" }, asSeller());
		await call("POST", "/v1/products", { name: "Tea", price: { amount: 500, currency: "MYR" } });
		await call("GET", `/v1/products/${product.id}`);
		await call("PATCH", `/v1/products/${product.id}`, { stock: 1 }, { ...asSeller(), headers: { "if-match": '"1"' } });
		await call("PATCH", `/v1/products/${product.id}`, { stock: 2 }, { ...asSeller(), headers: { "if-match": '"1"' } });
		await call("GET", "/v1/products?limit=2");
		await call("GET", "/v1/products?cursor=none");
		const items = [{ productId: product.id, quantity: 1 }];
		const { body: order } = await call("POST", "/v1/orders", { items });
		await call("POST", "/v1/orders", { items });
		await call("POST", "/v1/orders", { items: [] });
		await call("POST", "/v1/orders", { items: [{ productId: "none", quantity: 1 }] });
		for (const part of ["", "/status", "/history"]) await call("GET", `/v1/orders/${order.id}${part}`);
		await call("GET", "/v1/orders?role=buyer&limit=1");
		await call("GET", "/v1/orders/none");
		await market.until(order.id, "paid");
		await call("POST", `/v1/orders/${order.id}/pay`, { paymentMethod: "sandbox_success" });
		await call("POST", `/v1/orders/${order.id}/ship`, { carrier: "Pos", trackingNumber: "1" }, asSeller());
		await call("POST", `/v1/orders/${order.id}/tracking`, { status: "in_transit" }, asSeller());
		await call("POST", `/v1/orders/${order.id}/deliver`, undefined, asSeller());
		await call("POST", `/v1/orders/${order.id}/cancel`, {});
		await call("GET", `/v1/orders/${order.id}`);
	});

	it("tells the truth about order documents of other systems", async () => {
		const path = "/v1/orders/intake";
		const document = anIntakeDocument("announced01");
		await call("POST", path, document, asAdmin());
		await call("POST", path, { ...document, entry: "x" }, asAdmin());
		await call("POST", path, {}, asAdmin());
		await call("POST", path, "<order/>", { ...asAdmin(), headers: { "content-type": "text/xml" } });
		await call("POST", path, document);
		await call("POST", path, document, {});
		await call("GET", "/order/announced01", undefined, asAdmin());
		await call("GET", "/order/announced01");
		await call("GET", "/order/announced01", undefined, {});
	});

	it("tells the truth about conversations", async () => {
		const base = "/v1/conversations";
		const { body } = await call("POST", base, { memberIds: [market.seller.id] });
		await call("POST", base, { memberIds: [market.seller.id] });
		await call("POST", base, { memberIds: [market.buyer.id] });
		await call("POST", base, { memberIds: ["nobody"] });
		const mine = `${base}/${body.streamId}`;
		await call("POST", `${mine}/messages`, { id: "m1", text: "hello" });
		await call("POST", `${mine}/messages`, { id: "m1", text: "other" });
		await call("POST", `${mine}/messages`, { text: "" });
		await call("PATCH", `${mine}/messages/m1`, { text: "HELLO" });
		await call("PATCH", `${mine}/messages/none`, { text: "HELLO" });
		await call("DELETE", `${mine}/messages/m1`);
		await call("GET", `${mine}/messages?limit=2`);
		await call("GET", `${mine}/messages?after=1&before=2`);
		await call("POST", `${mine}/read`, { seq: 1 }, asSeller());
		await call("POST", `${mine}/mute`);
		await call("GET", base);
		await call("GET", mine);
		await call("GET", `${base}/none`);
		await call("POST", `${mine}/members`, { userId: market.seller.id });
		const { body: group } = await call("POST", base, { memberIds: [market.seller.id, (await market.newcomer("buyer")).id] });
		await call("POST", `${base}/${group.streamId}/members`, { userId: (await market.newcomer("buyer")).id });
		await call("DELETE", `${base}/${group.streamId}/members/${market.buyer.id}`, undefined, asSeller());
		await call("DELETE", `${base}/${group.streamId}/members/${market.seller.id}`);
		await call("GET", `${base}/${group.streamId}/messages`);
		await call("PUT", `/v1/blocks/${market.seller.id}`);
		await call("POST", `${mine}/messages`, { text: "hello" });
		await call("DELETE", `/v1/blocks/${market.seller.id}`);
	});

	it("tells the truth about payments", async () => {
		const order = await market.place({});
		await market.until(order.id, "paid");
		const { payment } = await market.order(order.id);
		await call("GET", `/v1/payments/${payment.id}`);
		await call("GET", "/v1/payments/none");
		await call("POST", `/v1/payments/${payment.id}/confirm`, {});
		await call("POST", `/v1/payments/${payment.id}/refunds`, { amount: 100 });
		await call("POST", `/v1/payments/${payment.id}/refunds`, { amount: 100, reason: "late" }, asSeller());
		await call("POST", `/v1/payments/${payment.id}/refunds`, { amount: 0 }, asSeller());
		await call("POST", "/v1/payments/webhooks/sandbox", "{}", { headers: { "content-type": "application/json" } });
		await call("POST", "/v1/payments/webhooks/nobody", "{}", { headers: { "content-type": "application/json" } });
	});

	it("tells the truth about operations", async () => {
		for (const path of ["/health", "/health/live", "/health/ready", "/v1/health"]) await call("GET", path, undefined, {});
		await call("GET", "/v1/admin/dead-letters", undefined, asAdmin());
		await call("GET", "/v1/admin/dead-letters");
		await call("GET", "/v1/admin/dead-letters/none", undefined, asAdmin());
		await call("POST", "/v1/admin/dead-letters/none/retry", undefined, asAdmin());
		await call("DELETE", "/v1/admin/dead-letters/none", undefined, asAdmin());
	});

	it("tells the truth about service keys", async () => {
		const path = "/v1/admin/keys";
		const body = { name: "Importer", scopes: ["intake"] };
		const { body: key } = await call("POST", path, body, { ...asAdmin(), headers: { "idempotency-key": "one" } });
		await call("POST", path, { ...body, name: "Other" }, { ...asAdmin(), headers: { "idempotency-key": "one" } });
		await call("POST", path, { name: "Importer", scopes: ["everything"] }, asAdmin());
		await call("POST", path, body);
		await call("GET", path, undefined, asAdmin());
		await call("GET", path);
		await call("GET", "/v1/orders", undefined, { headers: { "x-api-key": key.secret } });
		await call("GET", "/v1/orders", undefined, { headers: { "x-api-key": "made-up" } });
		await call("DELETE", `${path}/${key.id}`);
		await call("DELETE", `${path}/${key.id}`, undefined, asAdmin());
		await call("DELETE", `${path}/${key.id}`, undefined, asAdmin());
		await call("POST", path, body, { ...asAdmin(), headers: { "idempotency-key": "one" } });
	});
});
