import assert from "node:assert/strict";
import type { OrderView } from "../../../contracts/http/orders.ts";
import type { ProductView } from "../../../contracts/http/products.ts";
import { newId } from "../../../contracts/ids.ts";
import type { Order } from "../../../services/orders/order.ts";
import { orderIdOf } from "../../../services/orders/order.ts";
import { catchUpCodes } from "../../../services/orders/placing.mixin.ts";
import { bothStores } from "../../support/both-stores.ts";
import { breaking, pausing } from "../../support/broken-store.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { refused } from "../../support/refused.ts";
import { assertAddsUp, reconcile } from "../../support/stock-books.ts";

const bea = { id: "bea" };
const sal = { id: "sal", roles: ["seller"] as const };

bothStores("stock", (profile) => {
	let node: OrdersNode;
	before(async () => {
		node = await startOrdersNode(profile());
		await Promise.all([node.service.keepingStock?.stop(), node.service.asking?.stop()]);
	});
	after(() => node?.stop());

	const stockOf = async (id: string) => (await node.call<ProductView>("getProduct", { id }, sal)).body.stock;
	const cart = (...items: [{ id: string }, number][]) => ({
		items: items.map(([{ id: productId }, quantity]) => ({ productId, quantity })),
	});
	const stored = (id: string) => node.service.store.orders.findById(id) as Promise<Order>;
	/** An attempt to place that stands still between its reservation and its number until it is given up. */
	const givenUp = async (key: string, body: object): Promise<string> => {
		const afterReserving = 4; // the order under its id, the product, the reservation
		const work = () => refused(node.place({ ...bea, key }, body), "UNAVAILABLE");
		assert.ok(await pausing(node.service, afterReserving, () => reconcile(node.service), work));
		const id = orderIdOf(key);
		assert.equal((await stored(id)).tombstone, true);
		return id;
	};

	it("is what is left: an order takes its pieces, and a cancelled one gives them back", async () => {
		const satay = await node.addProduct("sal", { stock: 5 });
		const order = await node.place(bea, cart([satay, 2]));
		assert.equal(await stockOf(satay.id), 3);
		await node.call("cancel", { id: order.id }, bea);
		assert.equal(await stockOf(satay.id), 5);
		assert.equal("reservation" in order || "stockDue" in order, false);
	});

	it("stays taken when the order is declined, paid after all, and shipped", async () => {
		const satay = await node.addProduct("sal", { stock: 5 });
		const order = await node.place(bea, cart([satay, 2]));
		await node.deliver("payment.declined", order);
		assert.equal((await node.order(order.id)).status, "payment_declined");
		assert.equal(await stockOf(satay.id), 3);
		const again = (await node.call<OrderView>("pay", { id: order.id, paymentMethod: "sandbox_success" }, bea)).body;
		await node.deliver("payment.captured", again, { attempt: 2 });
		await node.call("ship", { id: order.id, carrier: "DHL", trackingNumber: "1" }, sal);
		await reconcile(node.service);
		assert.equal(await stockOf(satay.id), 3);
		await assertAddsUp(node.service, satay.id, 5, "shipped");
	});

	it("does not care about a payment that comes after the order was cancelled", async () => {
		const satay = await node.addProduct("sal", { stock: 5 });
		const order = await node.place(bea, cart([satay, 2]));
		await node.call("cancel", { id: order.id }, bea);
		await node.deliver("payment.captured", order);
		await reconcile(node.service);
		await assertAddsUp(node.service, satay.id, 5, "paid late");
		assert.equal(await stockOf(satay.id), 5);
	});

	it("refuses what is not there, says how much is, and takes nothing of the rest", async () => {
		const [satay, laksa] = [await node.addProduct("sal", { stock: 5 }), await node.addProduct("sal", { stock: 1 })];
		const gone = await node.addProduct("sal", { stock: 0 });
		const refusal = await refused(node.place(bea, cart([satay, 2], [laksa, 1], [laksa, 1], [gone, 1])), "OUT_OF_STOCK");
		assert.deepEqual(refusal.extras.errors, [
			{ pointer: "/items/1", detail: "only 1 left" },
			{ pointer: "/items/3", detail: "none is left" },
		]);
		assert.deepEqual([await stockOf(satay.id), await stockOf(laksa.id)], [5, 1]);
	});

	it("gives back at once what it took for the other items when the last pieces went meanwhile", async () => {
		const [satay, laksa] = [await node.addProduct("sal", { stock: 5 }), await node.addProduct("sal", { stock: 1 })];
		// Its calls: both products, the first reservation, and then the second.
		const last = async () => void (await node.place(bea, cart([laksa, 1])));
		const work = async () => {
			const refusal = await refused(node.place(bea, cart([satay, 2], [laksa, 1])), "OUT_OF_STOCK");
			assert.deepEqual(refusal.extras.errors, [{ pointer: "/items/1", detail: "none is left" }]);
			seen = [await stockOf(satay.id), await stockOf(laksa.id)];
		};
		let seen: unknown;
		assert.ok(await pausing(node.service, 4, last, work));
		assert.deepEqual(seen, [5, 0]);
	});

	it("costs nothing where products are not counted: no write but the number and the order", async () => {
		const free = await node.addProduct("sal");
		const writes = async (work: () => Promise<unknown>): Promise<number> => {
			for (let at = 1; ; at++) {
				if (!(await breaking(node.service, at, "dies before it", work)).struck) return at - 1;
			}
		};
		assert.equal(await writes(() => node.place(bea, cart([free, 1]))), 2);
		const { id } = await node.place(bea, cart([free, 1]));
		assert.equal(await writes(() => node.call("cancel", { id }, bea)), 1);
	});

	it("is taken once for a request that comes again, one after the other and all at once", async () => {
		const satay = await node.addProduct("sal", { stock: 50 });
		const key = newId();
		await node.place({ ...bea, key }, cart([satay, 2]));
		await node.place({ ...bea, key }, cart([satay, 2]));
		assert.equal(await stockOf(satay.id), 48);
		const other = newId();
		const placed = await Promise.all(Array.from({ length: 10 }, () => node.place({ ...bea, key: other }, cart([satay, 2]))));
		assert.equal(new Set(placed.map(({ id }) => id)).size, 1);
		assert.equal(await stockOf(satay.id), 46);
		await reconcile(node.service);
		await assertAddsUp(node.service, satay.id, 50, "repeated");
	});

	it("never goes below nothing, however many want the last pieces, and keeps none of those who got none", async () => {
		const satay = await node.addProduct("sal", { stock: 7 });
		const results = await Promise.allSettled(Array.from({ length: 40 }, () => node.place(bea, cart([satay, 1]))));
		assert.equal(results.filter(({ status }) => status === "fulfilled").length, 7);
		assert.equal(await stockOf(satay.id), 0);
		await reconcile(node.service);
		await assertAddsUp(node.service, satay.id, 7, "sold out");
	});

	it("is what the seller says, also while orders are placed: neither is lost", async () => {
		const satay = await node.addProduct("sal", { stock: 100 });
		const count = 20;
		const orders = Array.from({ length: count }, () => node.place(bea, cart([satay, 1])));
		const renamed = node.call("updateProduct", { id: satay.id, name: "Satay" }, sal);
		await Promise.all([...orders, renamed]);
		assert.equal(await stockOf(satay.id), 100 - count);
		const set = node.call<ProductView>("updateProduct", { id: satay.id, stock: 500 }, sal);
		const more = await Promise.all([...Array.from({ length: count }, () => node.place(bea, cart([satay, 1]))), set]);
		const answered = (await set).body.stock ?? 0;
		assert.ok(answered <= 500 && answered >= 500 - count, `${answered} answered`); // a server may answer what the next order left
		assert.equal(more.length, count + 1);
		const left = (await stockOf(satay.id)) ?? 0;
		assert.ok(left <= 500 && left >= 500 - count, `${left} left`);
	});

	it("is not given back for an order that was written, in whatever way that write ended", async () => {
		const satay = await node.addProduct("sal", { stock: 5 });
		const { orders } = node.service.store;
		const { create } = orders;
		orders.create = async (order) => {
			await create.call(orders, order);
			throw new Error("a server error that nobody has heard of");
		};
		try {
			await assert.rejects(node.place({ id: "bea", key: newId() }, { items: [{ productId: satay.id, quantity: 2 }] }));
		} finally {
			orders.create = create;
		}
		await reconcile(node.service);
		await assertAddsUp(node.service, satay.id, 5, "the order was written");
	});

	it("is set once by a change that a node made before it died, and that is asked of another one", async () => {
		const satay = await node.addProduct("sal", { stock: 1 });
		const change = () => node.call<ProductView>("updateProduct", { id: satay.id, stock: 5 }, { ...sal, key, ifMatch: [1] });
		const key = newId();
		await change();
		await node.place({ id: "bea" }, { items: [{ productId: satay.id, quantity: 2 }] });
		assert.equal((await change()).body.stock, 3);
		assert.equal(await stockOf(satay.id), 3);
	});

	it("gives up an attempt that takes too long: it is told so, and the same request again succeeds under another id", async () => {
		const satay = await node.addProduct("sal", { stock: 5 });
		const key = newId();
		const body = cart([satay, 2]);
		const burnt = await givenUp(key, body);
		const order = await node.place({ ...bea, key }, body);
		assert.notEqual(order.id, burnt);
		assert.deepEqual(await node.place({ ...bea, key }, body), order);
		await refused(node.place({ ...bea, key, hash: "other" }, body), "IDEMPOTENCY_KEY_REUSED");
		await reconcile(node.service);
		await assertAddsUp(node.service, satay.id, 5, "given up");
		assert.equal(await stockOf(satay.id), 3);
	});

	it("leaves of what was given up nothing that anybody sees", async () => {
		const satay = await node.addProduct("sal", { stock: 5 });
		const burnt = await givenUp(newId(), cart([satay, 2]));
		const ada = { id: "ada", roles: ["admin"] as const };
		for (const as of [bea, sal, ada]) {
			for (const action of ["get", "status", "history", "cancel", "deliver"]) {
				await refused(node.call(action, { id: burnt }, as), "NOT_FOUND");
			}
		}
		const { items } = (await node.call<{ items: OrderView[] }>("list", { limit: 100 }, bea)).body;
		assert.equal(
			items.some(({ id }) => id === burnt),
			false,
		);
		const last = await node.place(bea, cart([satay, 1]));
		// Money for an order that is not there is nobody's.
		await node.deliver("payment.captured", { ...last, id: burnt });
		assert.ok(node.payment.refunds.includes(last.payment.id));
		await catchUpCodes.call(node.service);
		const next = await node.place(bea, cart([satay, 1]));
		assert.equal(Number(next.code.slice(1)), Number(last.code.slice(1)) + 1);
	});

	it("takes more than one of them: what has no number is not unique by it", async () => {
		const satay = await node.addProduct("sal", { stock: 5 });
		for (let count = 0; count < 3; count++) await givenUp(newId(), cart([satay, 1]));
		await assertAddsUp(node.service, satay.id, 5, "given up");
	});
});
