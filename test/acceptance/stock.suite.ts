import assert from "node:assert/strict";
import type { HttpClient } from "../support/http.ts";
import { insist } from "../support/insist.ts";
import { type Market, openMarket, type Someone } from "../support/market.ts";
import { until } from "../support/until.ts";

const buyers = 4;
const requests = 200;
const pieces = 50;

/** Many at once for the last pieces, over HTTP. */
export const lastPieces = (api: () => HttpClient): void => {
	let market: Market;
	let people: Someone[];
	let productId: string;

	const stock = async (): Promise<number> =>
		(await api().get(`/v1/products/${productId}`, { token: market.seller.token })).body.stock;

	before(async () => {
		market = await openMarket(api());
		people = [market.buyer, ...(await Promise.all(Array.from({ length: buyers - 1 }, () => market.newcomer("buyer"))))];
		const product = { name: "The last satay", price: { amount: 9900, currency: "MYR" }, stock: pieces };
		const made = await api().post("/v1/products", product, { token: market.seller.token });
		assert.equal(made.status, 201, made.text);
		productId = made.body.id;
	});

	it(`gives ${pieces} pieces to ${pieces} of ${requests} requests and refuses the others; when all cancel, all are back`, async () => {
		const seen: number[] = [];
		let over = false;
		const watch = (async () => {
			while (!over) seen.push(await stock());
		})();
		const tokens = Array.from({ length: requests }, (_, index) => (people[index % buyers] as Someone).token); // the index is below the length
		const methods = ["sandbox_success", "sandbox_declined"];
		const answers = await Promise.all(
			tokens.map(async (token, index) => {
				const body = { items: [{ productId, quantity: 1 }], paymentMethod: methods[index % 2] };
				const headers = { "idempotency-key": `one-of-the-last-${index}` };
				// A busy machine may answer 503: whoever asks again with the same key still gets one piece at most.
				return { token, answer: await insist(() => api().post("/v1/orders", body, { token, headers })) };
			}),
		);
		assert.deepEqual(
			[...Map.groupBy(answers, ({ answer }) => answer.status)].map(([status, { length }]) => [status, length]).sort(),
			[
				[201, pieces],
				[422, requests - pieces],
			],
		);
		const refused = answers.filter(({ answer }) => answer.status === 422).map(({ answer }) => answer.body);
		for (const { code, errors } of refused) {
			assert.equal(code, "OUT_OF_STOCK");
			assert.deepEqual(errors, [{ pointer: "/items/0", detail: "none is left" }]);
		}
		assert.equal(await stock(), 0);
		const placed = answers.filter(({ answer }) => answer.status === 201);
		const cancelled = await Promise.all(
			placed.map(({ token, answer: { body } }) => {
				const headers = { "idempotency-key": `not-any-more-${body.id}` };
				return insist(() => api().post(`/v1/orders/${body.id}/cancel`, {}, { token, headers }));
			}),
		);
		for (const answer of cancelled) assert.equal(answer.status, 200, answer.text);
		await until("all pieces to be back", stock, (left) => left === pieces);
		over = true;
		await watch;
		assert.ok(seen.every((left) => left >= 0 && left <= pieces));
	});
};
