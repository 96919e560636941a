import assert from "node:assert/strict";
import type { OrderView } from "../../../contracts/http/orders.ts";
import type { PageOf } from "../../../mixins/paging/page.ts";
import { SqliteCollection } from "../../../mixins/store/sqlite-collection.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type As, type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { refused } from "../../support/refused.ts";

const bea = { id: "bea" };
const sal = { id: "sal", roles: ["seller"] as const };

bothStores("reading orders", (profile) => {
	let node: OrdersNode;
	let placed: OrderView[];
	before(async () => {
		node = await startOrdersNode(profile());
		node.people.set("bob", true);
		const product = await node.addProduct("sal");
		const ofSal = { items: [{ productId: product.id, quantity: 1 }] };
		placed = [];
		for (let index = 0; index < 7; index++) placed.push(await node.place(bea, ofSal));
		placed.push(await node.place({ id: "bob" }, ofSal));
		await node.place({ id: "bob" });
		await node.deliver("payment.captured", placed[0] as OrderView);
	});
	after(() => node?.stop());

	const list = async (as: As, params: object = {}) => (await node.call<PageOf<OrderView>>("list", params, as)).body;
	const ids = (page: PageOf<OrderView>) => page.items.map(({ id }) => id);
	const placedIds = () => placed.map(({ id }) => id);

	it("lists one's own, newest first, page by page without gap or repeat", async () => {
		const seen: string[] = [];
		let cursor: string | null = null;
		do {
			const page: PageOf<OrderView> = await list(bea, { limit: 3, ...(cursor && { cursor }) });
			seen.push(...ids(page));
			cursor = page.nextCursor;
		} while (cursor);
		assert.deepEqual(seen, placedIds().slice(0, 7).reverse());
	});

	it("ends without an empty page", async () => {
		assert.equal((await list(bea, { limit: 7 })).nextCursor, null);
		assert.equal(typeof (await list(bea, { limit: 6 })).nextCursor, "string");
	});

	it("shows a seller what was sold, and each caller what they may do", async () => {
		const page = await list(sal);
		assert.deepEqual(ids(page), placedIds().reverse());
		assert.deepEqual(page.items.at(-1)?.allowed, ["cancel", "ship"]);
		assert.deepEqual((await list(bea)).items.at(-1)?.allowed, ["cancel"]);
	});

	it("tells what was bought from what was sold, and filters by status", async () => {
		assert.deepEqual(ids(await list(sal, { role: "buyer" })), []);
		assert.deepEqual(ids(await list(sal, { role: "seller", status: "paid" })), [placed[0]?.id]);
		assert.equal((await list(bea, { status: "placed" })).items.length, 6);
		assert.deepEqual(ids(await list(bea, { status: "cancelled" })), []);
	});

	it("lists nothing of anybody else, to admins either", async () => {
		assert.deepEqual(ids(await list({ id: "eve" })), []);
		assert.deepEqual(ids(await list({ id: "ada", roles: ["admin"] })), []);
	});

	it("refuses a cursor that it did not give, a limit out of bounds, and an unknown status", async () => {
		const pointer = async (params: object) => (await refused(list(bea, params), "VALIDATION")).extras.errors?.[0]?.pointer;
		assert.equal(await pointer({ cursor: "abc" }), "/cursor");
		assert.equal(await pointer({ limit: 101 }), "/limit");
		assert.equal(await pointer({ status: "lost" }), "/status");
	});

	it("shows order, status and history to its parties and to admins, and to nobody else", async () => {
		const id = placed[0]?.id;
		for (const as of [bea, sal, { id: "ada", roles: ["admin"] as const }]) {
			assert.equal((await node.call<OrderView>("get", { id }, as)).body.id, id);
			assert.deepEqual((await node.call("status", { id }, as)).body, { status: "paid" });
			assert.equal((await node.call<{ items: object[] }>("history", { id }, as)).body.items.length, 2);
		}
		for (const action of ["get", "status", "history"]) {
			await refused(node.call(action, { id }, { id: "bob" }), "NOT_FOUND");
			await refused(node.call(action, { id: "nope" }, bea), "NOT_FOUND");
		}
	});

	it("shows an admin no moves", async () => {
		assert.deepEqual((await node.order(placed[0]?.id ?? "")).allowed, []);
	});

	it("reads every list by an index", () => {
		const { orders } = node.service.store;
		if (!(orders instanceof SqliteCollection)) return; // the plan of the embedded store stands for both: they have the same indexes
		const sort = [["sortKey", -1]] as const;
		for (const [name, where] of [
			["buyer", { buyerId: "bea", sortKey: { $lt: "x" } }],
			["buyer_status", { buyerId: "bea", status: "paid" }],
			["seller", { sellerId: "sal" }],
			["seller_status", { sellerId: "sal", status: "paid", sortKey: { $lt: "x" } }],
		] as const) {
			const plan = orders.explain({ where, sort, limit: 21 }).join("; ");
			assert.match(plan, new RegExp(`USING INDEX orders\\.${name} `));
			assert.doesNotMatch(plan, /TEMP B-TREE/);
		}
		assert.match(
			orders.explain({ where: { answerDue: { $lte: 1 } }, sort: [["answerDue", 1]] }).join(),
			/USING INDEX orders\.answer_due/,
		);
	});
});
