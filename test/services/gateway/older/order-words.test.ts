import assert from "node:assert/strict";
import { customerOrderStatuses } from "../../../../contracts/http/older/customers.ts";
import { type OrderStatus, orderStatuses, type PaymentStatus } from "../../../../contracts/http/orders.ts";
import { customerOrder, customerOrderStatus, statusesCalled } from "../../../../services/gateway/older/customer-words.ts";
import { shopOrder, shopOrderStatus, shopPaymentStatus } from "../../../../services/gateway/older/shop-words.ts";
import { orderView } from "../../../../services/orders/order-view.ts";
import { anInstant, anOrder, anOrderThatIs } from "../../../support/an-order.ts";

describe("Orders in the words of older clients", () => {
	const words: Record<OrderStatus, [shop: string, customers: string]> = {
		placed: ["Processing", "pending"],
		payment_declined: ["Declined", "pending"],
		paid: ["Success", "paid"],
		shipped: ["Success", "shipped"],
		delivered: ["Success", "shipped"],
		cancelled: ["Cancelled", "cancelled"],
		expired: ["Cancelled", "cancelled"],
	};
	for (const status of orderStatuses) {
		it(`has words for ${status}`, () => {
			assert.deepEqual([shopOrderStatus(status), customerOrderStatus(status)], words[status]);
		});
	}

	const payments: Record<PaymentStatus, string> = {
		processing: "Processing",
		requires_action: "Processing",
		authorized: "Processing",
		captured: "Success",
		partially_refunded: "Success",
		declined: "Declined",
		voided: "Declined",
		refunded: "Refunded",
	};
	it("has a word for every status of a payment", () => {
		for (const [status, word] of Object.entries(payments)) assert.equal(shopPaymentStatus(status), word);
	});

	it("finds every status of ours by exactly one of their words", () => {
		const all = customerOrderStatuses.flatMap(statusesCalled);
		assert.deepEqual([...all].sort(), [...orderStatuses].sort());
		assert.deepEqual(statusesCalled("pending"), ["placed", "payment_declined"]);
	});

	it("shows an order to the shop", () => {
		assert.deepEqual(shopOrder(orderView(anOrderThatIs("paid", "captured"), ["buyer"])), {
			id: "order-1",
			userId: "bea",
			productId: "1",
			productName: "Chicken wing",
			totalOrderAmount: "RM 198",
			orderStatus: "Success",
			paymentStatus: "Success",
			created_at: anInstant,
			updated_at: anInstant,
		});
	});

	it("names the first of several products, and how many more there are", () => {
		const { items } = anOrder();
		const several = orderView(anOrder({ items: [...items, ...items, ...items] }), ["buyer"]);
		assert.equal(shopOrder(several).productName, "Chicken wing and 2 more");
	});

	it("shows an order to customers", () => {
		assert.deepEqual(customerOrder(orderView(anOrder(), ["buyer"])), {
			orderId: "order-1",
			orderCode: "O00000001",
			userId: "bea",
			items: [{ productId: "1", name: "Chicken wing", quantity: 2, price: 99 }],
			totalAmount: 198,
			currency: "MYR",
			status: "pending",
			createdAt: anInstant,
		});
	});
});
