import assert from "node:assert/strict";
import type { OrderView } from "../../../contracts/http/orders.ts";
import { deriveId, newId } from "../../../contracts/ids.ts";
import { bothStores } from "../../support/both-stores.ts";
import { type OrdersNode, startOrdersNode } from "../../support/orders-node.ts";
import { refused } from "../../support/refused.ts";

const bea = { id: "bea" };
const numberOf = (order: OrderView): number => Number(order.code.slice(1));

bothStores("placing orders", (profile) => {
	let node: OrdersNode;
	before(async () => {
		node = await startOrdersNode(profile());
	});
	after(() => node?.stop());

	it("takes prices and names from the catalogue, and waits for the payment", async () => {
		const order = await node.place(bea, { items: [{ productId: "1", quantity: 2 }] });
		assert.equal(order.status, "placed");
		assert.equal(order.version, 1);
		assert.match(order.code, /^O\d{8}$/);
		assert.equal(order.sellerId, "demo-seller");
		assert.deepEqual(order.items, [
			{
				productId: "1",
				name: "Chicken wing",
				quantity: 2,
				unitPrice: { amount: 9900, currency: "MYR" },
				total: { amount: 19800, currency: "MYR" },
			},
		]);
		assert.deepEqual(order.payment, {
			id: deriveId("payment", order.id, 1),
			status: "processing",
			method: "sandbox_success",
		});
		assert.deepEqual(order.allowed, ["cancel"]);
		assert.deepEqual(await node.call("get", { id: order.id }, bea).then(({ body }) => body), order);
	});

	it("makes an event that says all about the order", async () => {
		const order = await node.place(bea);
		const [event] = node.events(order);
		assert.equal(event?.type, "order.placed");
		assert.equal(event?.subject, order.id);
		assert.deepEqual(event?.data, {
			orderId: order.id,
			code: order.code,
			buyerId: "bea",
			sellerId: "demo-seller",
			items: order.items,
			total: order.totals.total,
			attempt: 1,
			paymentId: order.payment.id,
			paymentMethod: "sandbox_success",
			createdAt: order.createdAt,
		});
	});

	it("pays product 2 with what is declined, unless a method is named", async () => {
		const two = { items: [{ productId: "2", quantity: 1 }] };
		assert.equal((await node.place(bea, two)).payment.method, "sandbox_declined");
		assert.equal((await node.place(bea, { ...two, paymentMethod: "sandbox_success" })).payment.method, "sandbox_success");
	});

	it("takes nothing from the body that it knows better, and keeps of the delivery what it asked for", async () => {
		const delivery = { name: "Bea", phone: "+60123", zip: "1", city: "KL", address: "A", region: "R", email: "b@example.com" };
		const order = await node.place(bea, {
			items: [{ productId: "1", quantity: 1, price: 1, unitPrice: { amount: 1, currency: "MYR" } }],
			delivery: { ...delivery, isAdmin: true },
			status: "paid",
			buyerId: "eve",
			userId: "eve",
			totals: { total: { amount: 1, currency: "MYR" } },
		});
		assert.equal(order.buyerId, "bea");
		assert.equal(order.status, "placed");
		assert.equal(order.totals.total.amount, 9900);
		assert.deepEqual(order.delivery, delivery);
	});

	it("refuses who does not exist, and who is not active any more", async () => {
		node.people.set("sue", false);
		await refused(node.place({ id: "sue" }), "CUSTOMER_NOT_FOUND");
		await refused(node.place({ id: "nobody" }), "CUSTOMER_NOT_FOUND");
	});

	it("names the products that do not exist", async () => {
		const items = [
			{ productId: "1", quantity: 1 },
			{ productId: "nope", quantity: 1 },
			{ productId: "no such!", quantity: 1 },
		];
		const refusal = await refused(node.place(bea, { items }), "UNKNOWN_PRODUCT");
		assert.deepEqual(
			refusal.extras.errors?.map(({ pointer }) => pointer),
			["/items/1/productId", "/items/2/productId"],
		);
	});

	it("refuses two sellers, and two currencies", async () => {
		const own = await node.addProduct("sal");
		const yen = await node.addProduct("sal", { price: { amount: 100, currency: "JPY" } });
		const cart = (...ids: string[]) => ({ items: ids.map((productId) => ({ productId, quantity: 1 })) });
		await refused(node.place(bea, cart("1", own.id)), "MIXED_SELLERS");
		await refused(node.place(bea, cart(own.id, yen.id)), "MIXED_CURRENCIES");
	});

	it("refuses a payment method that no provider knows, and quantities out of bounds", async () => {
		const unknown = await refused(node.place(bea, { paymentMethod: "bitcoin" }), "VALIDATION");
		assert.equal(unknown.extras.errors?.[0]?.pointer, "/paymentMethod");
		for (const quantity of [0, 1000, 1.5]) {
			const refusal = await refused(node.place(bea, { items: [{ productId: "1", quantity }] }), "VALIDATION");
			assert.equal(refusal.extras.errors?.[0]?.pointer, "/items/0/quantity");
		}
		await refused(node.place(bea, { items: [] }), "VALIDATION");
	});

	it("answers a repeat with the first answer, whatever became of order, product and buyer since", async () => {
		const product = await node.addProduct("sal");
		const as = { ...bea, key: newId() };
		const body = { items: [{ productId: product.id, quantity: 1 }] };
		const first = await node.call<OrderView>("place", body, as);
		assert.equal(first.meta.replayed, undefined);
		await node.deliver("payment.captured", first.body);
		await node.call("updateProduct", { id: product.id, price: { amount: 1, currency: "MYR" } }, { id: "sal" });
		node.people.set("bea", false);
		const again = await node.call<OrderView>("place", body, as);
		node.people.set("bea", true);
		assert.deepEqual(again.body, first.body);
		assert.equal(again.meta.replayed, true);
	});

	it("refuses the same key with another body", async () => {
		const as = { ...bea, key: newId() };
		await node.place(as);
		await refused(node.place({ ...as, hash: "other" }), "IDEMPOTENCY_KEY_REUSED");
	});

	it("makes one order of many requests at once with the same key, and one number", async () => {
		const as = { ...bea, key: newId() };
		const before = await node.place(bea);
		const placed = await Promise.all(Array.from({ length: 20 }, () => node.place(as)));
		for (const order of placed) assert.deepEqual(order, placed[0]);
		assert.equal(numberOf(await node.place(bea)), numberOf(before) + 2);
	});

	it("numbers orders without a gap while many come at once and some are refused", async () => {
		const before = numberOf(await node.place(bea));
		const results = await Promise.allSettled(
			Array.from({ length: 60 }, (_, index) =>
				node.place(bea, index % 3 === 0 ? { items: [{ productId: "x", quantity: 1 }] } : {}),
			),
		);
		const numbers = results.flatMap((result) => (result.status === "fulfilled" ? [numberOf(result.value)] : []));
		assert.deepEqual(
			numbers.sort((a, b) => a - b),
			Array.from({ length: 40 }, (_, index) => before + 1 + index),
		);
	});

	it("gives an order the number that it took before its process died", async () => {
		const key = newId();
		const taken = await node.service.codes.numberOf(deriveId("order", key));
		await node.place(bea);
		assert.equal(numberOf(await node.place({ ...bea, key })), taken);
	});

	it("goes on above the highest order when the counter was restored from an older copy", async () => {
		const last = numberOf(await node.place(bea));
		await node.service.store.counters.update({ _id: "orders" }, { $set: { n: last - 3, recent: [] } });
		const numbers = (await Promise.all([node.place(bea), node.place(bea), node.place(bea)])).map(numberOf);
		assert.deepEqual(
			numbers.sort((a, b) => a - b),
			[last + 1, last + 2, last + 3],
		);
	});
});
