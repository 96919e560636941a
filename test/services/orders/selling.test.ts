import assert from "node:assert/strict";
import type { ProductView } from "../../../contracts/http/products.ts";
import { newId } from "../../../contracts/ids.ts";
import type { PageOf } from "../../../mixins/paging/page.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { refused } from "../../support/refused.ts";

const sal = { id: "sal", roles: ["seller"] as const };
const price = { amount: 500, currency: "MYR" };

bothStores("selling products", (profile) => {
	let node: OrdersNode;
	before(async () => {
		node = await startOrdersNode(profile());
	});
	after(() => node?.stop());

	const list = async (params: object = {}) => (await node.call<PageOf<ProductView>>("listProducts", params, sal)).body;
	const all = async (params: object): Promise<ProductView[]> => {
		const found: ProductView[] = [];
		let cursor: string | null = null;
		do {
			const page: PageOf<ProductView> = await list({ ...params, ...(cursor && { cursor }) });
			found.push(...page.items);
			cursor = page.nextCursor;
		} while (cursor);
		return found;
	};
	const update = async (id: string, change: object, as: object = {}) =>
		(await node.call<ProductView>("updateProduct", { id, ...change }, { ...sal, ...as })).body;

	it("offers the demo seller's two products from the start, and does not reset them at the next", async () => {
		for (const [id, name] of [
			["1", "Chicken wing"],
			["2", "Chicken rice"],
		]) {
			const { body } = await node.call<ProductView>("getProduct", { id }, sal);
			assert.deepEqual(body, { id, sellerId: "demo-seller", name, price: { amount: 9900, currency: "MYR" }, version: 1 });
		}
		await update("2", { stock: 7 }, { id: "demo-seller" });
		await node.stop();
		node = await startOrdersNode(profile());
		assert.equal((await node.call<ProductView>("getProduct", { id: "2" }, sal)).body.stock, 7);
	});

	it("lists the newest first, page by page", async () => {
		const added: ProductView[] = [];
		for (let index = 0; index < 5; index++) added.push(await node.addProduct("sal", { name: `Item ${index}` }));
		const found = await all({ limit: 2 });
		assert.deepEqual(
			found.slice(0, 5).map(({ id }) => id),
			added.map(({ id }) => id).reverse(),
		);
		assert.equal(new Set(found.map(({ id }) => id)).size, found.length);
	});

	it("finds names by their beginning in any case, by name, page by page", async () => {
		for (const name of ["Roti bakar", "roti CANAI", "Roti bakar", "Teh tarik", "Rotan"]) await node.addProduct("sal", { name });
		const names = (await all({ q: "ROTI", limit: 2 })).map(({ name }) => name);
		assert.deepEqual(names, ["Roti bakar", "Roti bakar", "roti CANAI"]);
		assert.deepEqual(await all({ q: "bakar" }), []);
	});

	it("refuses the cursor of the other list", async () => {
		const { nextCursor } = await list({ limit: 1 });
		await refused(list({ q: "roti", cursor: nextCursor }), "VALIDATION");
	});

	it("answers a repeat with the product as it was offered, and refuses another body", async () => {
		const as = { ...sal, key: newId() };
		const body = { name: "Kuih", price, stock: 3 };
		const first = await node.call<ProductView>("addProduct", body, as);
		assert.deepEqual(first.body, { id: first.body.id, sellerId: "sal", ...body, version: 1 });
		await update(first.body.id, { name: "Kuih lapis", stock: 1 });
		const again = await node.call<ProductView>("addProduct", body, as);
		assert.deepEqual(again.body, first.body);
		assert.equal(again.meta.replayed, true);
		await refused(node.call("addProduct", body, { ...as, hash: "other" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("changes what is named, for its seller alone", async () => {
		const { id } = await node.addProduct("sal", { name: "Satay" });
		const changed = await update(id, { price: { amount: 700, currency: "MYR" }, sellerId: "eve", version: 9 });
		assert.deepEqual(changed, { id, sellerId: "sal", name: "Satay", price: { amount: 700, currency: "MYR" }, version: 2 });
		assert.equal((await update(id, { name: "Satay" })).version, 2, "nothing changed");
		await refused(update(id, { stock: 1 }, { id: "eve" }), "NOT_FOUND");
		await refused(update("nope", { stock: 1 }), "NOT_FOUND");
		await refused(update(id, { stock: 1 }, { ifMatch: [1] }), "VERSION_CONFLICT");
		assert.equal((await update(id, { stock: 1 }, { ifMatch: [2] })).stock, 1);
	});

	it("refuses an unknown currency, a price of nothing and a blank name", async () => {
		const pointer = async (body: object) =>
			(await refused(node.addProduct("sal", body), "VALIDATION")).extras.errors?.[0]?.pointer;
		assert.equal(await pointer({ price: { amount: 1, currency: "XQZ" } }), "/price/currency");
		assert.equal(await pointer({ price: { amount: 0, currency: "MYR" } }), "/price/amount");
		assert.equal(await pointer({ name: "  " }), "/name");
	});

	it("answers 404 for a product that there is not", async () => {
		await refused(node.call("getProduct", { id: "nope" }, sal), "NOT_FOUND");
	});
});
