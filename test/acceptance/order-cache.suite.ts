import assert from "node:assert/strict";
import { type HttpAnswer, type HttpClient, login } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { admin } from "../support/settings.ts";
import { until } from "../support/until.ts";

/** Cached orders as clients see them, whatever is behind. */
export const orderCache = (api: () => HttpClient): void => {
	let market: Market;
	before(async () => {
		market = await openMarket(api());
	});

	const paid = async (): Promise<string> => {
		const { id } = await market.place({ paymentMethod: "sandbox_success" });
		await market.until(id, "paid");
		return id;
	};
	const get = (path: string, headers: Record<string, string> = {}, token = market.buyer.token) =>
		api().get(`/v1/orders/${path}`, { token, headers });
	/**
	 * The first answer out of the cache. Whoever reads between a write and its end is told what is durable by then, from the database, and so is
	 * who asks while Redis takes long.
	 */
	const hit = (path: string, headers?: Record<string, string>, token?: string): Promise<HttpAnswer> =>
		until(
			`a hit of ${path}`,
			() => get(path, headers, token),
			(answer) => answer.headers.get("x-cache") === "HIT",
		);

	it("say so in X-Cache: order, status and history, but not the list", async () => {
		const id = await paid();
		for (const path of [id, `${id}/status`, `${id}/history`]) {
			const { body, text } = await hit(path);
			assert.ok(path.endsWith("history") ? text.includes("paid") : body.status === "paid", text);
		}
		assert.equal((await get("")).headers.get("x-cache"), null);
	});

	it("show buyer, seller and admin what each may do, and do not exist for strangers", async () => {
		const id = await paid();
		const stranger = await market.newcomer("buyer");
		const ada = await login(api(), admin.email, admin.password);
		for (const [token, allowed] of [
			[market.buyer.token, ["cancel"]],
			[market.seller.token, ["cancel", "ship"]],
			[ada.token, []],
		] as const) {
			assert.deepEqual((await hit(id, {}, token)).body.allowed, allowed);
		}
		for (const path of [id, `${id}/status`, `${id}/history`]) {
			const refused = await get(path, {}, stranger.token);
			assert.deepEqual([refused.status, refused.headers.get("x-cache")], [404, null]);
		}
	});

	it("have their version as ETag, and are not sent to who has them", async () => {
		const id = await paid();
		const { headers, body } = await get(id);
		assert.equal(headers.get("etag"), `"${body.version}"`);
		const same = await hit(id, { "if-none-match": `"${body.version}"` });
		assert.deepEqual([same.status, same.text], [304, ""]);
		assert.equal((await get(id, { "if-none-match": `"${body.version - 1}"` })).status, 200);
		assert.equal((await get(id, { "if-match": `"${body.version + 1}"` })).status, 412);
	});

	it("do not decide whether a move is made on the version that its caller saw", async () => {
		const id = await paid();
		const { body } = await get(id);
		const seen = { "if-match": `"${body.version}"` };
		assert.equal((await market.move(id, "cancel", {}, market.buyer.token, seen)).status, 200);
		assert.equal((await market.move(id, "ship", { carrier: "DHL", trackingNumber: "1" }, market.seller.token, seen)).status, 412);
		assert.equal((await get(id)).body.status, "cancelled");
	});
};
