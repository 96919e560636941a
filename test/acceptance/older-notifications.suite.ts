import assert from "node:assert/strict";
import { assertAnnounced, type Json } from "../support/announced.ts";
import type { HttpAnswer, HttpClient } from "../support/http.ts";
import { type Market, openMarket } from "../support/market.ts";
import { until } from "../support/until.ts";

/** What clients of the first notification service send and read, in both profiles. */
export const olderNotifications = (api: () => HttpClient): void => {
	let market: Market;
	let document: Json;
	before(async () => {
		market = await openMarket(api());
		document = (await api().get("/openapi.json")).body;
	});

	const list = async (query: string, token = market.buyer.token): Promise<HttpAnswer> => {
		const path = `/api/notifications${query}`;
		const answer = await api().get(path, { token });
		assertAnnounced(document, "GET", path, answer);
		return answer;
	};

	describe("GET /api/notifications", () => {
		it("lists a page of the caller's notifications, the newest first, and says how many there are", async () => {
			const userId = market.buyer.id;
			const { id } = await market.place({});
			await market.until(id, "paid");
			const { body } = await until("two", () => list(`?userId=${userId}`), ({ body: { total } }) => total === 2); // biome-ignore format: one line
			const first = await list(`?userId=${userId}&page=1&limit=1`);
			const second = await list("?page=2&limit=1");
			assert.deepEqual([first.body.total, second.body.total], [2, 2]);
			assert.deepEqual([...first.body.notifications, ...second.body.notifications], body.notifications);
			assert.deepEqual((await list("?page=3&limit=1")).body, { notifications: [], total: 2 });
			for (const one of body.notifications) {
				assert.deepEqual([one.userId, one.read, typeof one.timestamp, typeof one.payload], [userId, false, "string", "object"]);
				assert.ok(["announcement", "purchase_notification"].includes(one.notification_type));
			}
		});

		it("is nobody else's, and wants pages from 1", async () => {
			assert.equal((await list(`?userId=${market.buyer.id}`, market.seller.token)).status, 404);
			assert.equal((await list("", "")).status, 401);
			for (const query of ["?page=0", "?limit=0", "?limit=101", "?page=x"]) assert.equal((await list(query)).status, 400);
		});
	});
};
